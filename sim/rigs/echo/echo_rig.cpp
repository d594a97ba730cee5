#include "sim/rigs/echo/echo_rig.hpp"

#include "drivers/core/error.hpp"
#include "sim/rigs/echo/echo.pb.h"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::sim {
namespace {

constexpr std::uint32_t default_width = 16;
constexpr std::uint32_t largest_width = 65536;
constexpr std::size_t largest_batch = 4096;

class EchoRig final : public SimulatedRig {
  public:
    explicit EchoRig(std::size_t width) {
        spec_.kind = "echo";
        for (std::size_t i = 0; i < width; ++i) {
            spec_.inputs.push_back({.name = fmt::format("in {}", i), .unit = "1"});
            spec_.outputs.push_back(
                {.name = fmt::format("out {}", i), .unit = "1", .minimum = 0.0, .maximum = 1.0});
        }
        spec_.max_batch = largest_batch;
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        if (context.stop.stop_requested()) {
            throw Error(Code::cancelled, "the query was stopped");
        }
        std::copy_n(x.data(), x.size(), y.data());
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override { return 0; }
    void displace(std::span<const double> offsets) override {
        if (!offsets.empty()) {
            throw invalid_field("offsets", "an echo has nothing that could be displaced");
        }
    }
    [[nodiscard]] Reach reach() const override { return {.smallest = 1.0, .largest = 1.0}; }

  private:
    LayerSpec spec_;
};

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& message, const RigSite&) {
    const auto& options = dynamic_cast<const v1::EchoOptions&>(message);
    const std::uint32_t width = options.has_width() ? options.width() : default_width;
    if (width == 0 || width > largest_width) {
        throw invalid_field("width", fmt::format("{}; valid is 1 to {}", width, largest_width));
    }
    return std::make_unique<EchoRig>(width);
}

} // namespace

SimulatedRigKind echo_kind() {
    return {.name = "echo",
            .about = "answers with what it is asked: for throughput",
            .new_options = [] { return std::make_unique<v1::EchoOptions>(); },
            .make = make};
}

} // namespace phyll::sim
