#pragma once

#include "sim/bench/server/absence.hpp"
#include "sim/bench/server/station.hpp"
#include "sim/bench/server/way.hpp"
#include "sim/bench/usb/usb_bus.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace phyll::bench::usb {

/// SCPI over USBTMC: an instrument as a device on the emulated bus.
class UsbServer final : public WayServer, private UsbtmcInstrument {
  public:
    /// Throws INVALID_ARGUMENT when the instrument has no USB socket.
    UsbServer(Loop& loop, UsbBus& bus, Station& station, Waiting& waiting);

    /// "USB0::0xVVVV::0xPPPP::SERIAL::INSTR"
    [[nodiscard]] std::string address() const override;
    void start() override { plug(); }
    void stop() override;
    /// 1 while somebody has claimed the interface.
    [[nodiscard]] std::size_t connections() const override { return clients_; }
    /// Unplugged meanwhile; comes back under another device number.
    void go_offline(Seconds off) override;
    /// `kernel_driver` is 1 while the kernel's driver has the interface.
    [[nodiscard]] std::vector<Figure> figures() const override;

  private:
    void message(std::uint64_t number, std::string text) override;
    void clear() override;
    void interrupted() override;
    void too_long() override;
    [[nodiscard]] std::uint8_t status_byte() override;

    void plug();
    void acted(std::uint64_t number, Station::Outcome outcome);

    Loop& loop_;
    UsbBus& bus_;
    Station& station_;
    Waiting& waiting_;
    Absence absence_;
    UsbtmcFunction function_;
    UsbDevice device_;
    unsigned port_;
    UsbNode* node_ = nullptr; ///< the last, plugged in or not
    std::size_t clients_ = 0;
};

} // namespace phyll::bench::usb
