#pragma once

#include "sim/bench/scpi/call.hpp"
#include "sim/bench/scpi/header_pattern.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// How many parameters a command takes.
struct Parameters {
    std::size_t least = 0;
    std::size_t most = 0;
};

/// What an instrument understands: headers, and what each does. Knows nothing of how messages come.
class CommandTable {
  public:
    using Act = std::function<void(Call&)>;

    void command(std::string_view pattern, Parameters parameters, Act act);
    /// Its `act` replies. Queries may be asked with MINimum or MAXimum only where `parameters`
    /// says so.
    void query(std::string_view pattern, Act act, Parameters parameters = {});

    /// Finds the command and does it. Returns the reply, empty of a command. Throws ScpiError.
    [[nodiscard]] std::string run(const Command& command) const;

  private:
    struct Entry {
        HeaderPattern pattern;
        bool query;
        Parameters parameters;
        Act act;
    };

    std::vector<Entry> entries_;
};

} // namespace phyll::bench
