#pragma once

#include "sim/bench/optical/virtual_camera.hpp"
#include "sim/bench/server/absence.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/bench/server/instrument.hpp"
#include "sim/bench/server/loop.hpp"
#include "sim/bench/server/way.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::bench {

/// The bench's side of a camera: Aravis answers what it is asked, and nobody else sees that.
class CameraInstrument final : public Instrument {
  public:
    /// Fills in the counts of what is exposed.
    using See = std::function<void(const Exposure& exposure, std::span<std::uint16_t> counts)>;

    /// `see` is called on a thread of the camera's, which an exposure keeps for `exposing` times
    /// its time.
    CameraInstrument(const std::string& serial, See see, double exposing, const Site& site);

    [[nodiscard]] const std::string& identity() const override { return identity_; }
    void act(std::string /*message*/, Done done) override { done(std::nullopt); }
    void report(int, const std::string&) override {}
    [[nodiscard]] std::size_t errors() const override { return 0; }
    void power_on() override { stuck_exposure_ = 0.0; }
    /// frames: those that were exposed.
    [[nodiscard]] std::vector<Figure> figures() const override { return {{"frames", frames_}}; }
    /// "lose SHARE": so many of the packets of frames are lost; "stick exposure", "free exposure":
    /// exposures take no longer and no shorter, whatever the camera says; "occupy SECONDS": another
    /// program has control of the camera.
    void at_panel(std::string_view command) override;

    [[nodiscard]] VirtualCamera::Look look();
    [[nodiscard]] const std::string& serial() const noexcept { return serial_; }
    /// Who serves it.
    struct Panel {
        std::function<void(double share)> lose;
        std::function<void(Seconds time)> occupy;
    };
    void on_panel(Panel panel) { panel_ = std::move(panel); }

  private:
    [[nodiscard]] bool expose(const Exposure& exposure, std::span<std::uint16_t> counts);

    const std::string serial_;
    const std::string identity_;
    const See see_;
    const double exposing_;
    Misbehaviour& misbehaviour_;
    Panel panel_;
    std::vector<std::uint16_t> last_; ///< on the camera's thread
    std::atomic<double> last_exposure_ = 0.0;
    std::atomic<double> stuck_exposure_ = 0.0; ///< 0: it is not
    std::atomic<std::uint64_t> frames_ = 0;
};

/// A camera at an address of this machine. Its port is the standard's: one bench at a time.
class CameraServer final : public WayServer {
  public:
    /// Throws UNAVAILABLE when another camera is at the address.
    CameraServer(Loop& loop, CameraInstrument& instrument, std::string address);
    ~CameraServer() override;

    [[nodiscard]] std::string address() const override { return address_; }
    void start() override {}
    void stop() override;
    [[nodiscard]] std::size_t connections() const override { return 0; }
    void go_offline(Seconds off) override;

  private:
    class Occupant;

    void occupy(Seconds time);

    Loop& loop_;
    const std::string address_;
    Absence absence_;
    VirtualCamera camera_;
    std::unique_ptr<Occupant> occupant_;
};

} // namespace phyll::bench
