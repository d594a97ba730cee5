#include "sim/bench/usb/usb_bus.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <dlfcn.h>

namespace phyll::bench::usb {
namespace {

/// How long clients have to close what they have open.
constexpr std::chrono::milliseconds farewell{3000};

/// Numbers of devices begin anew after that.
constexpr unsigned most_devices = 127;

UMockdevTestbed* new_testbed() {
    if (!preloaded()) {
        throw Error(Code::unavailable,
                    fmt::format("emulated USB devices need a process that was started with "
                                "LD_PRELOAD={}; Debian's package is umockdev",
                                preload_library));
    }
    return umockdev_testbed_new();
}

} // namespace

bool preloaded() {
    void* const library = ::dlopen(preload_library, RTLD_LAZY | RTLD_NOLOAD);
    if (library != nullptr) {
        ::dlclose(library);
    }
    return library != nullptr;
}

UsbBus::UsbBus(Loop& loop) : loop_(loop), testbed_(new_testbed()) {}

UsbBus::~UsbBus() {
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, farewell, [this] { return clients_ == 0; });
    }
    testbed_.reset();
}

Environment UsbBus::environment() const {
    const std::unique_ptr<gchar, decltype(&g_free)> root(
        umockdev_testbed_get_root_dir(testbed_.get()), &g_free);
    return {{"LD_PRELOAD", preload_library}, {"UMOCKDEV_DIR", root.get()}};
}

UsbNode& UsbBus::plug(unsigned port, UsbDevice& device) {
    number_ = number_ % most_devices + 1;
    return *nodes_.emplace_back(
        std::make_unique<UsbNode>(loop_, testbed_.get(), Spot{.port = port, .number = number_},
                                  device, [this](int change) { seen(change); }));
}

void UsbBus::leave_loop() {
    for (const std::unique_ptr<UsbNode>& node : nodes_) {
        node->leave_loop();
    }
}

void UsbBus::seen(int change) {
    const std::lock_guard lock(mutex_);
    clients_ += change;
    changed_.notify_all();
}

} // namespace phyll::bench::usb
