#pragma once

#include "sim/bench/scpi/command_table.hpp"
#include "sim/bench/scpi/error_queue.hpp"
#include "sim/bench/scpi/scpi_error.hpp"
#include "sim/bench/server/instrument.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace phyll::bench {

/// An instrument that understands SCPI: the common commands and the error queue of IEEE 488.2, and
/// a table of its own that derived classes fill. Thread rule: that of `Instrument`.
class ScpiInstrument : public Instrument {
  public:
    /// Without a sign it has no error queue: whatever is wrong is a command error in the event
    /// register, and no more is said of it.
    ScpiInstrument(std::string identity, std::optional<ErrorQueue::Sign> sign);
    ~ScpiInstrument() override;

    [[nodiscard]] const std::string& identity() const override { return identity_; }
    void act(std::string message, Done done) override;
    void forget() override;
    void at_panel(std::string_view command) override;
    void report(int number, const std::string& words) override;
    [[nodiscard]] std::uint8_t status_byte() const override;
    [[nodiscard]] std::size_t errors() const override { return queue_.size(); }
    void power_on() override;

  protected:
    [[nodiscard]] CommandTable& table() noexcept { return table_; }
    void report(const ScpiError& error);

    /// *RST: settings as the maker delivers them.
    virtual void reset() = 0;
    /// Switched on.
    virtual void start_up() { reset(); }
    /// *TRG.
    virtual void trigger() = 0;
    /// *CLS: event registers of its own.
    virtual void clear_events() {}
    /// Whether something is under way that *OPC, *OPC? and *WAI wait for.
    [[nodiscard]] virtual bool operation_pending() const { return false; }
    /// It is over, or was given up: what waited goes on.
    void operation_over();
    /// Sets the flag of *OPC, whether or not something is over.
    void set_operation_complete();
    /// What stands between the replies to a message's queries.
    [[nodiscard]] virtual std::string_view separator() const { return ";"; }

  private:
    /// A message that is acted on.
    struct Acting;

    void add_common_commands();
    void add_event_commands();
    void go_on();
    void run(const Command& command);
    [[nodiscard]] unsigned at_power_on() const;

    std::string identity_;
    bool has_queue_;
    ErrorQueue queue_;
    CommandTable table_;
    std::unique_ptr<Acting> acting_;
    bool completion_wanted_ = false; ///< *OPC waits for what is under way
    unsigned events_ = 0;            ///< standard event status register
    unsigned events_enabled_ = 0;
    unsigned service_enabled_ = 0;
};

} // namespace phyll::bench
