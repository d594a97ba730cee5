#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace phyll::bench {

/// What a virtual camera was set to when it exposed a frame.
struct Exposure {
    std::size_t x = 0; ///< of the region, in pixels of the sensor
    std::size_t y = 0;
    std::size_t width = 0; ///< of the frame
    std::size_t height = 0;
    std::size_t binning = 1; ///< pixels of the sensor that a pixel of the frame is, each way
    double seconds = 0.0;
    double gain = 0.0;
    unsigned bits = 8; ///< 8 or 16
};

/// A camera that speaks GigE Vision (GVCP and GVSP), Aravis's own virtual one, with what it sees
/// computed by whoever made it. It serves on threads of its own.
class VirtualCamera {
  public:
    /// Fills in the counts of a frame, row by row, and says whether it goes out: otherwise all of
    /// its packets are lost. Called on a thread of the camera's, one at a time.
    using Look = std::function<bool(const Exposure& exposure, std::span<std::uint16_t> counts)>;

    /// At an address of this machine; one camera has one address, since the port is the
    /// standard's. Throws UNAVAILABLE when that is taken.
    VirtualCamera(std::string address, std::string serial, Look look);
    VirtualCamera(const VirtualCamera&) = delete;
    VirtualCamera& operator=(const VirtualCamera&) = delete;
    ~VirtualCamera();

    /// That share of the packets of frames is lost on the way.
    void lose_packets(double share);
    /// Off, and nothing that was set is left when it is on again.
    void switch_off();
    void switch_on();
    [[nodiscard]] bool is_on() const noexcept;

    [[nodiscard]] const std::string& serial() const noexcept;
    /// Frames that were exposed since it was made.
    [[nodiscard]] std::uint64_t frames() const noexcept;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace phyll::bench
