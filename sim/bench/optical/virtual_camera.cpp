#include "sim/bench/optical/virtual_camera.hpp"

#include "drivers/core/error.hpp"

#include <arv.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace phyll::bench {
namespace {

/// How often the camera looks whether it was triggered; Aravis's own 25 Hz would make that the pace
/// of everything.
constexpr double triggers_per_second = 900.0;

/// Aravis would share the port with another camera there. Throws UNAVAILABLE.
void require_free(const std::string& address) {
    constexpr std::uint16_t control_port = 3956; // of GigE Vision
    boost::asio::io_context context;
    boost::system::error_code failed;
    const auto numbers = boost::asio::ip::make_address(address, failed);
    boost::asio::ip::udp::socket socket(context, boost::asio::ip::udp::v4());
    if (!failed) {
        socket.bind({numbers, control_port}, failed);
    }
    if (failed) {
        throw Error(Code::unavailable,
                    fmt::format("a camera cannot be at {}: {}", address,
                                failed == boost::asio::error::address_in_use ? "another camera is"
                                                                             : failed.message()));
    }
}

std::uint32_t register_of(ArvFakeCamera* camera, guint32 address) {
    guint32 value = 0;
    arv_fake_camera_read_register(camera, address, &value);
    return value;
}

} // namespace

struct VirtualCamera::Parts {
    Parts(std::string where, std::string number, Look seeing)
        : address(std::move(where)), serial(std::move(number)), look(std::move(seeing)) {}

    const std::string address;
    const std::string serial;
    const Look look;
    std::atomic<double> lost = 0.0;
    std::atomic<std::uint64_t> frames = 0;
    std::vector<std::uint16_t> counts{};
    /// While its own thread runs, which sees it.
    ArvGvFakeCamera* camera = nullptr;
    std::mutex mutex; ///< of `ending`
    bool ending = false;

    void set_ending(bool is) {
        const std::scoped_lock lock(mutex);
        ending = is;
    }
    void switch_off() {
        if (camera != nullptr) {
            set_ending(true);
            g_object_unref(camera); // waits for the thread
            camera = nullptr;
            set_ending(false);
        }
    }
    ~Parts() { switch_off(); }

    /// One that is being switched off takes nothing any more.
    void lose(double share) {
        const std::scoped_lock lock(mutex);
        if (ending) {
            return;
        }
        g_object_set(camera, "gvsp-lost-ratio", share, nullptr);
    }
    void expose(ArvBuffer* buffer, std::uint32_t microseconds, std::uint32_t gain,
                ArvPixelFormat format);
    static void fill(ArvBuffer* buffer, void* parts, guint32 microseconds, guint32 gain,
                     ArvPixelFormat format) {
        static_cast<Parts*>(parts)->expose(buffer, microseconds, gain, format);
    }
};

void VirtualCamera::Parts::expose(ArvBuffer* buffer, std::uint32_t microseconds, std::uint32_t gain,
                                  ArvPixelFormat format) {
    ArvFakeCamera* const fake = arv_gv_fake_camera_get_fake_camera(camera);
    const Exposure exposure{.x = register_of(fake, ARV_FAKE_CAMERA_REGISTER_X_OFFSET),
                            .y = register_of(fake, ARV_FAKE_CAMERA_REGISTER_Y_OFFSET),
                            .width = static_cast<std::size_t>(arv_buffer_get_image_width(buffer)),
                            .height = static_cast<std::size_t>(arv_buffer_get_image_height(buffer)),
                            .binning = std::max<std::size_t>(
                                register_of(fake, ARV_FAKE_CAMERA_REGISTER_BINNING_HORIZONTAL), 1),
                            .seconds = microseconds * 1e-6,
                            .gain = static_cast<double>(gain),
                            .bits = format == ARV_PIXEL_FORMAT_MONO_16 ? 16U : 8U};
    counts.assign(exposure.width * exposure.height, 0);
    const bool goes_out = look(exposure, counts);
    lose(goes_out ? lost.load() : 1.0);
    // How much there is room for the buffer says only when it is full.
    const std::size_t room = arv_fake_camera_get_payload(fake);
    auto* const bytes =
        static_cast<std::uint8_t*>(const_cast<void*>(arv_buffer_get_data(buffer, nullptr)));
    const std::size_t wide = exposure.bits / 8;
    for (std::size_t k = 0; k < counts.size() && (k + 1) * wide <= room; ++k) {
        for (std::size_t byte = 0; byte < wide; ++byte) {
            bytes[k * wide + byte] = static_cast<std::uint8_t>(counts[k] >> (8 * byte) & 0xFF);
        }
    }
    ++frames;
}

VirtualCamera::VirtualCamera(std::string address, std::string serial, Look look)
    : parts_(std::make_unique<Parts>(std::move(address), std::move(serial), std::move(look))) {
    switch_on();
}

VirtualCamera::~VirtualCamera() = default;

void VirtualCamera::switch_on() {
    Parts& parts = *parts_;
    if (parts.camera != nullptr) {
        return;
    }
    require_free(parts.address);
    parts.camera = arv_gv_fake_camera_new(parts.address.c_str(), parts.serial.c_str());
    if (parts.camera == nullptr || arv_gv_fake_camera_is_running(parts.camera) == FALSE) {
        parts.switch_off();
        throw Error(Code::unavailable,
                    fmt::format("a camera cannot be at {}: it is no address of this machine",
                                parts.address));
    }
    ArvFakeCamera* const fake = arv_gv_fake_camera_get_fake_camera(parts.camera);
    arv_fake_camera_set_fill_pattern(fake, Parts::fill, parts_.get());
    arv_fake_camera_set_trigger_frequency(fake, triggers_per_second);
    lose_packets(parts.lost);
}

void VirtualCamera::switch_off() {
    parts_->switch_off();
}

bool VirtualCamera::is_on() const noexcept {
    return parts_->camera != nullptr;
}

void VirtualCamera::lose_packets(double share) {
    parts_->lost = share;
    if (parts_->camera != nullptr) {
        parts_->lose(share);
    }
}

const std::string& VirtualCamera::serial() const noexcept {
    return parts_->serial;
}

std::uint64_t VirtualCamera::frames() const noexcept {
    return parts_->frames;
}

} // namespace phyll::bench
