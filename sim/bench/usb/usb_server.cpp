#include "sim/bench/usb/usb_server.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/scpi/scpi_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace phyll::bench::usb {
namespace {

/// From "MAKER,MODEL,SERIAL,...".
UsbIdentity identity_of(const Instrument& instrument) {
    const std::optional<UsbIds> ids = instrument.usb_ids();
    if (!ids) {
        throw invalid_field("usb",
                            fmt::format("{} has no USB socket", in_quotes(instrument.identity())));
    }
    std::array<std::string, 3> parts;
    std::string_view rest = instrument.identity();
    for (std::string& part : parts) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        part = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return {.ids = *ids, .manufacturer = parts[0], .product = parts[1], .serial = parts[2]};
}

} // namespace

UsbServer::UsbServer(Loop& loop, UsbBus& bus, Station& station, Waiting& waiting)
    : loop_(loop),
      bus_(bus),
      station_(station),
      waiting_(waiting),
      absence_(loop),
      function_(static_cast<UsbtmcInstrument&>(*this)),
      device_(identity_of(station.instrument()), function_),
      port_(bus.next_port()) {}

std::string UsbServer::address() const {
    const UsbIdentity& identity = device_.identity();
    return fmt::format("USB0::0x{:04X}::0x{:04X}::{}::INSTR", identity.ids.vendor,
                       identity.ids.product, identity.serial);
}

void UsbServer::plug() {
    function_.reset();
    node_ = &bus_.plug(port_, device_);
    node_->usbfs().on_claimed([this](bool yes) {
        clients_ = yes ? 1 : 0;
        waiting_.clients(yes ? 1 : -1);
    });
}

void UsbServer::stop() {
    loop_.ask([this] {
        absence_.for_good();
        node_->unplug();
    });
}

void UsbServer::go_offline(Seconds off) {
    node_->unplug();
    absence_.begin(off, [this] { plug(); });
}

std::vector<Figure> UsbServer::figures() const {
    return {{"kernel_driver", node_->usbfs().has_kernel_driver() ? 1U : 0U},
            {"device_number", node_->usbfs().plugged() ? node_->spot().number : 0U},
            {"stalls", function_.stalls()}};
}

void UsbServer::message(std::uint64_t number, std::string text) {
    station_.handle(std::move(text),
                    [this, number, time = absence_.count()](Station::Outcome outcome) {
                        if (time == absence_.count()) {
                            acted(number, std::move(outcome));
                        }
                    });
}

void UsbServer::acted(std::uint64_t number, Station::Outcome outcome) {
    if (outcome.close) {
        go_offline(Seconds(0));
        return;
    }
    function_.reply(
        number,
        {.text = std::move(outcome.reply), .stall = outcome.stall, .in_pieces = outcome.in_pieces});
    node_->usbfs().pump();
}

void UsbServer::clear() {
    station_.clear();
}

void UsbServer::interrupted() {
    station_.report(scpi_number::query_interrupted);
}

void UsbServer::too_long() {
    station_.report(scpi_number::too_much_data);
}

std::uint8_t UsbServer::status_byte() {
    return station_.instrument().status_byte();
}

} // namespace phyll::bench::usb
