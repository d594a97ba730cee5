#include "sim/bench/usb/over_usb.hpp"

#include "drivers/core/error.hpp"
#include "sim/bench/usb/usb_bus.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::bench::usb {
namespace {

class OverUsb final : public Plan {
  public:
    explicit OverUsb(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}

    [[nodiscard]] Seconds transfer_time() const override { return plan_->transfer_time(); }
    [[nodiscard]] std::vector<Place> places() const override {
        std::vector<Place> places = plan_->places();
        for (Place& place : places) {
            if (place.way == Way::socket) {
                place.way = Way::usbtmc;
            }
        }
        return places;
    }
    [[nodiscard]] std::unique_ptr<Equipment> build(Loop& loop,
                                                   const std::vector<Site>& sites) const override {
        return plan_->build(loop, sites);
    }

  private:
    std::unique_ptr<Plan> plan_;
};

} // namespace

std::unique_ptr<Plan> over_usb(std::unique_ptr<Plan> plan) {
    return std::make_unique<OverUsb>(std::move(plan));
}

void preload_umockdev(char** argv) {
    if (preloaded()) {
        return;
    }
    constexpr const char* variable = "LD_PRELOAD";
    const char* const before = std::getenv(variable);
    const std::string library(preload_library);
    const bool twice = before != nullptr && std::string(before).find(library) != std::string::npos;
    if (!twice) {
        const std::string after = before == nullptr ? library : library + ':' + before;
        ::setenv(variable, after.c_str(), 1);
        ::execv("/proc/self/exe", argv);
    }
    throw Error(Code::unavailable,
                fmt::format("cannot run with {}: {}; Debian's package is umockdev", library,
                            twice ? "it was not loaded" : std::generic_category().message(errno)));
}

} // namespace phyll::bench::usb
