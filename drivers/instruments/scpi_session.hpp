#pragma once

#include "drivers/core/error.hpp"
#include "drivers/instruments/claim.hpp"
#include "drivers/instruments/instrument.hpp"
#include "drivers/transports/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phyll::instruments {

/// The questions by which an instrument's queue of errors is emptied.
struct ErrorQueueQuery {
    std::string query;
    std::vector<std::string> none; ///< how the answer begins when there is none
    bool whole = false;            ///< `none` has whole answers
};

/// A conversation in SCPI with one instrument that may time out, go away and come back.
///
/// After anything that went wrong the next exchange brings both sides into step first: a clear
/// transport, *CLS, and a look at the identity. An instrument that is late is UNAVAILABLE; only the
/// caller's own deadline is DEADLINE_EXCEEDED. Errors begin with the instrument's name.
///
/// Thread rule: one caller at a time, but for `shut`, `status` and `log`.
class ScpiSession {
  public:
    /// Throws INVALID_ARGUMENT when the settings cannot be. Opens nothing. `clock` outlives it.
    ScpiSession(InstrumentSettings settings, std::filesystem::path lock_dir, const Clock& clock);
    ~ScpiSession();

    [[nodiscard]] const InstrumentSettings& settings() const noexcept { return claim_.settings(); }
    /// Is called at each connection with what the instrument says that it is, before anything else
    /// is said to it; what it throws ends the connection.
    void on_connection(std::function<void(const Identity&)> what) { greeted_ = std::move(what); }

    /// Connects, where that is not so. Throws FAILED_PRECONDITION when it is another instrument
    /// than it should be, or another process drives it.
    void open(const Patience& patience);
    [[nodiscard]] std::uint64_t life() const noexcept { return life_; }

    void tell(std::string_view message, const Patience& patience);
    /// Sends a message on the connection that there is, in step or not, and waits for nothing: for
    /// whoever has to be quick. The next exchange brings both sides into step.
    void blurt(std::string_view message) noexcept;
    /// A message that ends in a block of data.
    void tell_block(std::string_view head, std::span<const std::byte> block,
                    const Patience& patience);
    /// The answer to a message that was told before.
    [[nodiscard]] std::string hear(const Patience& patience);
    [[nodiscard]] std::string ask(std::string_view message, const Patience& patience);
    [[nodiscard]] double ask_number(std::string_view message, const Patience& patience);
    [[nodiscard]] std::vector<std::byte> ask_block(std::string_view message, std::size_t most,
                                                   const Patience& patience);

    /// Empties the instrument's queue of errors; throws UNAVAILABLE with what is in it. `first` is
    /// its oldest entry where that was heard already.
    void check_errors(const ErrorQueueQuery& queue, const Patience& patience,
                      std::optional<std::string> first = std::nullopt);

    /// The next exchange brings both sides into step first: an answer was left unheard.
    void doubt() noexcept { in_step_ = false; }
    [[nodiscard]] bool in_step() const noexcept { return in_step_; }

    void shut() noexcept;
    /// Without dialect and output, which others know.
    [[nodiscard]] InstrumentStatus status() const { return claim_.status(); }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const { return log_; }

    /// Twice the instrument's timeout, from now on: for what nobody else bounds.
    [[nodiscard]] Patience own_patience() const;
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    /// The error with the instrument's name before it.
    [[nodiscard]] Error named(const Error& error) const;

  private:
    /// Does one exchange, in step and within the instrument's own timeout, and remembers when it
    /// went wrong.
    template <class Exchange>
    auto exchange(const Patience& patience, Exchange what);
    void restore(const Patience& patience);
    void greet(const Patience& patience);

    Claim claim_;
    const Clock& clock_;
    std::shared_ptr<transports::TrafficLog> log_;
    std::unique_ptr<transports::Transport> transport_;
    std::function<void(const Identity&)> greeted_;
    bool in_step_ = false;
    std::uint64_t life_ = 0;
};

/// The words of a dialect's text in their places: "{rate}" becomes the value of "rate".
using Words = std::vector<std::pair<std::string_view, std::string>>;
[[nodiscard]] std::string filled(std::string_view text, const Words& words);

/// The number that an answer is, by all of its characters ("+3.15E+00"); nothing for anything else.
[[nodiscard]] std::optional<double> number_in(std::string_view answer);

/// A number as instruments read it.
[[nodiscard]] std::string number(double value);

} // namespace phyll::instruments
