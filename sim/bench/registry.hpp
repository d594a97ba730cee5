#pragma once

#include "sim/bench/server/bench.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace phyll::bench {

/// What a bench can be told on phyllsim's command line.
class BenchCommandLine {
  public:
    BenchCommandLine() = default;
    BenchCommandLine(const BenchCommandLine&) = delete;
    BenchCommandLine& operator=(const BenchCommandLine&) = delete;
    virtual ~BenchCommandLine() = default;

    /// This object must outlive the parsing.
    virtual void add_options(CLI::App& app) = 0;
    /// Throws INVALID_ARGUMENT about what cannot be.
    [[nodiscard]] virtual std::unique_ptr<Plan> plan() const = 0;
};

struct BenchKind {
    std::string name;
    std::string about;
    std::function<std::unique_ptr<BenchCommandLine>()> command_line;
};

/// The benches that there are: one line each.
[[nodiscard]] std::vector<BenchKind> bench_kinds();

} // namespace phyll::bench
