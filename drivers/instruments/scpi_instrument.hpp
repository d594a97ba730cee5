#pragma once

#include "drivers/instruments/dialects.hpp"
#include "drivers/instruments/scpi_session.hpp"
#include "drivers/instruments/setting_up.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace phyll::instruments {

/// What SCPI instruments of every kind have in common: a session, a dialect, and what they were set
/// to in this life. `Base` is the kind's interface, `Dialect` the message of its dialects.
template <std::derived_from<Instrument> Base, class Dialect>
class ScpiInstrument : public Base {
  public:
    ScpiInstrument(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                   const Clock& clock, ReadToml read)
        : session_(settings, lock_dir, clock), read_(std::move(read)) {
        if (!settings.dialect.empty()) {
            read_dialect(settings.kind, settings.dialect, read_, dialect_);
            name_dialect(settings.dialect);
        }
        session_.on_connection([this](const Identity& identity) { take_dialect(identity); });
    }

    [[nodiscard]] const std::string& name() const noexcept override {
        return session_.settings().name;
    }
    [[nodiscard]] bool is_virtual() const noexcept override {
        return session_.settings().is_virtual;
    }
    void connect(const Patience& patience) override { session_.open(patience); }
    [[nodiscard]] std::uint64_t life() const noexcept override { return session_.life(); }
    void shut() noexcept override { session_.shut(); }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override {
        return session_.log();
    }
    [[nodiscard]] InstrumentStatus status() const override {
        InstrumentStatus status = session_.status();
        const std::lock_guard lock(mutex_);
        status.dialect = dialect_name_;
        status.output = output_;
        return status;
    }

  protected:
    [[nodiscard]] ScpiSession& session() noexcept { return session_; }
    [[nodiscard]] const Dialect& dialect() const noexcept { return dialect_; }
    void note_output(std::string output) {
        const std::lock_guard lock(mutex_);
        output_ = std::move(output);
    }
    void check_errors(const Patience& patience, std::optional<std::string> first = std::nullopt) {
        session_.check_errors(queue_of(dialect_.errors()), patience, std::move(first));
    }

    /// Whether it is set up, and may not have forgotten it since.
    [[nodiscard]] bool ready() const noexcept { return ready_ && ready_in_ == life(); }
    void set_ready(bool ready) noexcept {
        ready_ = ready;
        ready_in_ = life();
    }
    /// Sets it up, where it is not ready and set up as is wanted. When `set_up` throws it is not
    /// ready.
    template <class Setup, std::invocable SetUp>
    void become(Setup& setup, const Setup& wanted, SetUp set_up) {
        if (ready() && setup == wanted) {
            return;
        }
        set_ready(false);
        setup = wanted;
        set_up();
        set_ready(true);
    }
    void require_ready() const {
        if (!ready()) {
            throw Error(Code::failed_precondition,
                        fmt::format("{}: it was not prepared, or has been away since", name()));
        }
    }

  private:
    void take_dialect(const Identity& identity) {
        if (dialect_.source().empty()) {
            name_dialect(choose_dialect(session_.settings().kind, identity, read_, dialect_));
        }
    }
    void name_dialect(std::string name) {
        const std::lock_guard lock(mutex_);
        dialect_name_ = std::move(name);
    }

    ScpiSession session_;
    ReadToml read_;
    Dialect dialect_;
    bool ready_ = false;
    std::uint64_t ready_in_ = 0; ///< the life in which it was set up
    mutable std::mutex mutex_;   ///< of what `status` shows
    std::string dialect_name_;
    std::string output_;
};

} // namespace phyll::instruments
