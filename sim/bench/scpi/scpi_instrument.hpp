#pragma once

#include "sim/bench/scpi/command_table.hpp"
#include "sim/bench/scpi/error_queue.hpp"
#include "sim/bench/scpi/scpi_error.hpp"
#include "sim/bench/server/instrument.hpp"

#include <string>
#include <string_view>

namespace phyll::bench {

/// An instrument that understands SCPI: the common commands and the error queue of IEEE 488.2, and
/// a table of its own that derived classes fill. Thread rule: that of `Instrument`.
class ScpiInstrument : public Instrument {
  public:
    ScpiInstrument(std::string identity, ErrorQueue::Sign sign);

    [[nodiscard]] const std::string& identity() const override { return identity_; }
    [[nodiscard]] std::optional<std::string> act(std::string_view message) override;
    void report(int number, const std::string& words) override;
    [[nodiscard]] std::size_t errors() const override { return queue_.size(); }
    void power_on() override;

  protected:
    [[nodiscard]] CommandTable& table() noexcept { return table_; }
    void report(const ScpiError& error);

    /// *RST: settings as the maker delivers them.
    virtual void reset() = 0;
    /// *TRG.
    virtual void trigger() = 0;
    /// *CLS: event registers of its own.
    virtual void clear_events() {}

  private:
    void add_common_commands();

    std::string identity_;
    ErrorQueue queue_;
    CommandTable table_;
    unsigned events_ = 0; ///< standard event status register
    unsigned events_enabled_ = 0;
    unsigned service_enabled_ = 0;
};

} // namespace phyll::bench
