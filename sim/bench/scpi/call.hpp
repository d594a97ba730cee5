#pragma once

#include "sim/bench/scpi/message.hpp"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phyll::bench {

/// What a number may be.
struct NumberRange {
    double least;
    double most;
};

/// A command on its way to what it does: gives its parameters, takes its reply. The accessors throw
/// ScpiError: -109 for a parameter that is not there, -104, -120, -222 or -224 for one that is
/// something else.
class Call {
  public:
    Call(const Command& command, std::vector<unsigned> suffixes)
        : command_(command), suffixes_(std::move(suffixes)) {}

    [[nodiscard]] std::size_t count() const noexcept { return command_.parameters.size(); }
    /// Number after the header's k-th node that may have one.
    [[nodiscard]] unsigned suffix(std::size_t k = 0) const { return suffixes_.at(k); }

    /// A number within `range`, or MINimum or MAXimum.
    [[nodiscard]] double number(std::size_t i, NumberRange range) const;
    /// A whole number, otherwise the same.
    [[nodiscard]] std::size_t whole(std::size_t i, std::size_t least, std::size_t most) const;
    /// ON, OFF, or a number (0 is off).
    [[nodiscard]] bool boolean(std::size_t i) const;
    /// One of `keywords`, written as in a manual ("NORMal"); its place among them.
    [[nodiscard]] std::size_t choice(std::size_t i, const std::vector<std::string>& keywords) const;
    [[nodiscard]] bool is(std::size_t i, std::string_view keyword) const;
    /// A word or a quoted string, without its quotes.
    [[nodiscard]] std::string text(std::size_t i) const;
    [[nodiscard]] std::string_view block(std::size_t i) const;
    [[nodiscard]] bool is_block(std::size_t i) const;

    void reply(std::string text) { reply_ = std::move(text); }
    [[nodiscard]] std::string take_reply() { return std::move(reply_); }

  private:
    [[nodiscard]] const Parameter& at(std::size_t i) const;

    const Command& command_;
    std::vector<unsigned> suffixes_;
    std::string reply_;
};

} // namespace phyll::bench
