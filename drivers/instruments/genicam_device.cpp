#include "drivers/instruments/genicam_device.hpp"

#include "drivers/core/error.hpp"

#include <arv.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

namespace phyll::instruments {
namespace {

constexpr unsigned buffers = 4;
/// After which a frame of which packets are missing is given up.
constexpr unsigned packet_timeout_us = 20'000;
constexpr unsigned frame_retention_us = 100'000;
/// Bytes of a frame that a socket of the kernel's usual size holds. A ring of packets, which Aravis
/// has where it may, holds larger ones, but hands them over when a block of it is full or
/// milliseconds have passed: late for one frame.
constexpr unsigned largest_in_socket = 100'000;
/// Bytes that are asked for; the kernel gives `net.core.rmem_max` at most.
constexpr int socket_buffer = 16'000'000;

struct Unref {
    void operator()(gpointer object) const noexcept { g_object_unref(object); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Unref>;

/// What a call of Aravis's that went wrong says.
class Failure {
  public:
    Failure() = default;
    Failure(const Failure&) = delete;
    Failure& operator=(const Failure&) = delete;
    ~Failure() { g_clear_error(&error_); }

    [[nodiscard]] GError** place() noexcept { return &error_; }
    void check() const {
        if (error_ == nullptr) {
            return;
        }
        const bool device = error_->domain == ARV_DEVICE_ERROR;
        if (device && error_->code == ARV_DEVICE_ERROR_NOT_FOUND) {
            throw Error(Code::not_found, "no camera is there");
        }
        if (device && error_->code == ARV_DEVICE_ERROR_NOT_CONTROLLER) {
            throw Error(Code::failed_precondition,
                        fmt::format("another program controls it ({})", error_->message));
        }
        throw Error(Code::unavailable, error_->message);
    }

  private:
    GError* error_ = nullptr;
};

/// Calls a function of Aravis's whose last argument is for errors.
template <class Function, class... Arguments>
auto call(Function function, Arguments... arguments) {
    Failure failure;
    if constexpr (std::is_void_v<decltype(function(arguments..., failure.place()))>) {
        function(arguments..., failure.place());
        failure.check();
    } else {
        auto result = function(arguments..., failure.place());
        failure.check();
        return result;
    }
}

struct Format {
    unsigned bits;
    const char* name;
    ArvPixelFormat format;
};
constexpr std::array<Format, 5> formats = {{{8, "Mono8", ARV_PIXEL_FORMAT_MONO_8},
                                            {10, "Mono10", ARV_PIXEL_FORMAT_MONO_10},
                                            {12, "Mono12", ARV_PIXEL_FORMAT_MONO_12},
                                            {14, "Mono14", ARV_PIXEL_FORMAT_MONO_14},
                                            {16, "Mono16", ARV_PIXEL_FORMAT_MONO_16}}};

unsigned bits_of(ArvPixelFormat format) {
    for (const Format& each : formats) {
        if (each.format == format) {
            return each.bits;
        }
    }
    return 0;
}

const char* name_of_bits(unsigned bits) {
    for (const Format& each : formats) {
        if (each.bits == bits) {
            return each.name;
        }
    }
    throw invalid_field("bits", fmt::format("{}; valid is 8, 10, 12, 14 or 16", bits));
}

std::string_view words(ArvBufferStatus status) {
    switch (status) {
    case ARV_BUFFER_STATUS_TIMEOUT:
    case ARV_BUFFER_STATUS_MISSING_PACKETS:
        return "packets were lost";
    case ARV_BUFFER_STATUS_WRONG_PACKET_ID:
        return "packets came in disorder";
    case ARV_BUFFER_STATUS_SIZE_MISMATCH:
        return "it is of another size than it should be";
    default:
        return "it was cut off";
    }
}

std::string text_or_nothing(const char* text) {
    return text == nullptr ? "" : text;
}

std::vector<std::uint16_t> counts_of(ArvBuffer* buffer, unsigned bits, std::size_t pixels) {
    std::size_t size = 0;
    const auto* const data = static_cast<const std::uint8_t*>(arv_buffer_get_data(buffer, &size));
    const std::size_t wide = bits > 8 ? 2 : 1;
    if (data == nullptr || size < pixels * wide) {
        return {};
    }
    std::vector<std::uint16_t> counts(pixels);
    for (std::size_t k = 0; k < pixels; ++k) {
        // GenICam's Pixel Format Naming Convention: unpacked, the low byte first.
        counts[k] =
            wide == 1 ? data[k] : static_cast<std::uint16_t>(data[2 * k] | data[2 * k + 1] << 8);
    }
    return counts;
}

} // namespace

struct GenicamDevice::Parts {
    Owned<ArvCamera> camera;
    Owned<ArvStream> stream;
    std::atomic<bool> lost = false;
    gulong handler = 0;
    std::mutex mutex; ///< of `begun`
    std::condition_variable another;
    std::uint64_t begun = 0;

    static void on_lost(ArvDevice*, gpointer parts) { static_cast<Parts*>(parts)->lost = true; }
    /// On Aravis's thread: the first packet of a frame is there.
    static void on_stream(void* data, ArvStreamCallbackType type, ArvBuffer*) {
        if (type != ARV_STREAM_CALLBACK_TYPE_START_BUFFER) {
            return;
        }
        auto& parts = *static_cast<Parts*>(data);
        const std::scoped_lock lock(parts.mutex);
        ++parts.begun;
        parts.another.notify_all();
    }
};

GenicamDevice::GenicamDevice(const std::string& address) : parts_(std::make_unique<Parts>()) {
    parts_->camera.reset(call(arv_camera_new, address.c_str()));
    if (parts_->camera == nullptr) {
        throw Error(Code::not_found, "no camera is there");
    }
    ArvDevice* const device = arv_camera_get_device(parts_->camera.get());
    parts_->handler =
        g_signal_connect(device, "control-lost", G_CALLBACK(Parts::on_lost), parts_.get());
    // A camera that somebody else controls can be looked at, but obeys nobody.
    if (ARV_IS_GV_DEVICE(device) && arv_gv_device_is_controller(ARV_GV_DEVICE(device)) == FALSE) {
        throw Error(Code::failed_precondition, "another program controls it");
    }
    // One that does not acquire may say that it cannot stop.
    Failure ignored;
    arv_camera_stop_acquisition(parts_->camera.get(), ignored.place());
}

GenicamDevice::~GenicamDevice() {
    parts_->stream.reset(); // ends its thread, which tells of frames
    if (parts_->camera != nullptr && parts_->handler != 0) {
        g_signal_handler_disconnect(arv_camera_get_device(parts_->camera.get()), parts_->handler);
    }
}

Identity GenicamDevice::identity() const {
    ArvCamera* const camera = parts_->camera.get();
    Identity identity{.maker = text_or_nothing(call(arv_camera_get_vendor_name, camera)),
                      .model = text_or_nothing(call(arv_camera_get_model_name, camera)),
                      .serial = text_or_nothing(call(arv_camera_get_device_serial_number, camera)),
                      .firmware = {}};
    if (call(arv_camera_is_feature_available, camera, "DeviceVersion") != FALSE) {
        identity.firmware = text_or_nothing(call(arv_camera_get_string, camera, "DeviceVersion"));
    }
    return identity;
}

CameraRegion GenicamDevice::sensor() const {
    gint width = 0;
    gint height = 0;
    call(arv_camera_get_sensor_size, parts_->camera.get(), &width, &height);
    return {.x = 0,
            .y = 0,
            .width = static_cast<std::size_t>(width),
            .height = static_cast<std::size_t>(height)};
}

bool GenicamDevice::control_lost() const noexcept {
    return parts_->lost;
}

void GenicamDevice::set(const CameraSetup& setup) {
    stop();
    ArvCamera* const camera = parts_->camera.get();
    const auto number = [](std::size_t value) { return static_cast<gint>(value); };
    if (call(arv_camera_is_exposure_auto_available, camera) != FALSE) {
        call(arv_camera_set_exposure_time_auto, camera, ARV_AUTO_OFF);
    }
    if (call(arv_camera_is_gain_auto_available, camera) != FALSE) {
        call(arv_camera_set_gain_auto, camera, ARV_AUTO_OFF);
    }
    // What a binned pixel is changes what a region may be.
    if (call(arv_camera_is_binning_available, camera) != FALSE) {
        call(arv_camera_set_binning, camera, number(setup.binning), number(setup.binning));
    } else if (setup.binning != 1) {
        throw invalid_field("binning", fmt::format("{}; the camera has none", setup.binning));
    }
    call(arv_camera_set_pixel_format_from_string, camera, name_of_bits(setup.bits));
    call(arv_camera_set_region, camera, number(setup.region.x), number(setup.region.y),
         number(setup.region.width), number(setup.region.height));
    call(arv_camera_set_exposure_time, camera, setup.exposure.count() * 1e6);
    if (call(arv_camera_is_gain_available, camera) != FALSE) {
        call(arv_camera_set_gain, camera, setup.gain);
    }
}

CameraSetup GenicamDevice::setup() const {
    ArvCamera* const camera = parts_->camera.get();
    gint x = 0;
    gint y = 0;
    gint width = 0;
    gint height = 0;
    call(arv_camera_get_region, camera, &x, &y, &width, &height);
    CameraSetup setup{.region = {.x = static_cast<std::size_t>(x),
                                 .y = static_cast<std::size_t>(y),
                                 .width = static_cast<std::size_t>(width),
                                 .height = static_cast<std::size_t>(height)},
                      .exposure = Seconds(call(arv_camera_get_exposure_time, camera) * 1e-6),
                      .gain = 0.0,
                      .bits = bits_of(call(arv_camera_get_pixel_format, camera)),
                      .binning = 1};
    if (call(arv_camera_is_gain_available, camera) != FALSE) {
        setup.gain = call(arv_camera_get_gain, camera);
    }
    if (call(arv_camera_is_binning_available, camera) != FALSE) {
        gint across = 1;
        gint down = 1;
        call(arv_camera_get_binning, camera, &across, &down);
        setup.binning = across == down ? static_cast<unsigned>(across) : 0;
    }
    return setup;
}

void GenicamDevice::start() {
    if (started_) {
        return;
    }
    ArvCamera* const camera = parts_->camera.get();
    call(arv_camera_set_acquisition_mode, camera, ARV_ACQUISITION_MODE_CONTINUOUS);
    call(arv_camera_set_trigger, camera, "Software");
    const guint payload = call(arv_camera_get_payload, camera);
    if (ArvDevice* const device = arv_camera_get_device(camera); ARV_IS_GV_DEVICE(device)) {
        arv_gv_device_set_stream_options(ARV_GV_DEVICE(device),
                                         payload <= largest_in_socket
                                             ? ARV_GV_STREAM_OPTION_PACKET_SOCKET_DISABLED
                                             : ARV_GV_STREAM_OPTION_NONE);
    }
    parts_->stream.reset(
        call(arv_camera_create_stream, camera, Parts::on_stream, static_cast<void*>(parts_.get())));
    ArvStream* const stream = parts_->stream.get();
    if (ARV_IS_GV_STREAM(stream)) {
        g_object_set(stream, "packet-timeout", packet_timeout_us, "frame-retention",
                     frame_retention_us, "socket-buffer", ARV_GV_STREAM_SOCKET_BUFFER_FIXED,
                     "socket-buffer-size", socket_buffer, nullptr);
    }
    for (unsigned k = 0; k < buffers; ++k) {
        arv_stream_push_buffer(stream, arv_buffer_new(payload, nullptr));
    }
    call(arv_camera_start_acquisition, camera);
    started_ = true;
}

void GenicamDevice::stop() {
    if (!started_) {
        return;
    }
    started_ = false;
    parts_->stream.reset();
    call(arv_camera_stop_acquisition, parts_->camera.get());
}

void GenicamDevice::trigger() {
    call(arv_camera_software_trigger, parts_->camera.get());
}

std::uint64_t GenicamDevice::begun() const noexcept {
    const std::scoped_lock lock(parts_->mutex);
    return parts_->begun;
}

bool GenicamDevice::await_begun(std::uint64_t known, std::chrono::microseconds within) const {
    std::unique_lock lock(parts_->mutex);
    return parts_->another.wait_for(lock, within, [&] { return parts_->begun > known; });
}

std::optional<GenicamDevice::Arrival> GenicamDevice::next(std::chrono::microseconds within) {
    ArvStream* const stream = parts_->stream.get();
    ArvBuffer* const buffer =
        arv_stream_timeout_pop_buffer(stream, static_cast<guint64>(within.count()));
    if (buffer == nullptr) {
        return std::nullopt;
    }
    const ArvBufferStatus status = arv_buffer_get_status(buffer);
    Arrival arrival;
    if (status == ARV_BUFFER_STATUS_SUCCESS) {
        Frame& frame = arrival.frame;
        frame.width = static_cast<std::size_t>(arv_buffer_get_image_width(buffer));
        frame.height = static_cast<std::size_t>(arv_buffer_get_image_height(buffer));
        frame.bits = bits_of(arv_buffer_get_image_pixel_format(buffer));
        frame.counts = counts_of(buffer, frame.bits, frame.width * frame.height);
        arrival.whole = !frame.counts.empty();
    }
    if (!arrival.whole) {
        arrival.status = words(status);
    }
    arv_stream_push_buffer(stream, buffer);
    return arrival;
}

} // namespace phyll::instruments
