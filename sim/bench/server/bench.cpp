#include "sim/bench/server/bench.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/optical/camera_server.hpp"
#include "sim/bench/serial/serial_server.hpp"
#include "sim/bench/server/socket_server.hpp"
#include "sim/bench/server/station.hpp"
#include "sim/bench/usb/usb_bus.hpp"
#include "sim/bench/usb/usb_server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace phyll::bench {

/// All that belongs to one place of the bench.
struct Bench::Stand {
    Stand(const Place& place, const Clock& clock, Waiting& waiting)
        : name(place.name), way(place.way), port(place.port), activity(clock, waiting) {}

    std::string name;
    Way way;
    ReservedPort port;
    Activity activity;
    Misbehaviour misbehaviour;
    std::optional<Station> station;
    std::unique_ptr<WayServer> server;
};

Bench::Bench(const Plan& plan) : waiting_(clock_) {
    std::vector<Site> sites;
    const std::vector<Place> places = plan.places();
    if (std::ranges::find(places, Way::usbtmc, &Place::way) != places.end()) {
        usb_ = std::make_unique<usb::UsbBus>(loop_);
    }
    for (const Place& place : places) {
        Stand& stand = *stands_.emplace_back(std::make_unique<Stand>(place, clock_, waiting_));
        sites.push_back({stand.port.number(), &stand.activity, &stand.misbehaviour});
    }
    equipment_ = plan.build(loop_, sites);
    const std::vector<Instrument*> instruments = equipment_->instruments();
    for (std::size_t i = 0; i < stands_.size(); ++i) {
        Stand& stand = *stands_[i];
        stand.station.emplace(loop_, *instruments[i], stand.activity, stand.misbehaviour,
                              plan.transfer_time());
        stand.server = server_for(places[i], stand);
        stand.station->on_offline(
            [server = stand.server.get()](Seconds off) { server->go_offline(off); });
        stand.server->start();
        addresses_.push_back(stand.server->address());
    }
    loop_.start();
}

Bench::~Bench() {
    for (const std::unique_ptr<Stand>& stand : stands_) {
        stand->server->stop();
    }
    if (usb_) {
        usb_->leave_loop();
    }
    loop_.stop();
    usb_.reset();
}

std::unique_ptr<WayServer> Bench::server_for(const Place& place, Stand& stand) {
    switch (place.way) {
    case Way::socket:
        return std::make_unique<SocketServer>(loop_, stand.port, *stand.station, waiting_);
    case Way::usbtmc:
        return std::make_unique<usb::UsbServer>(loop_, *usb_, *stand.station, waiting_);
    case Way::serial:
        return std::make_unique<SerialServer>(loop_, place.name, *stand.station,
                                              stand.misbehaviour);
    case Way::gige:
        return std::make_unique<CameraServer>(
            loop_, dynamic_cast<CameraInstrument&>(stand.station->instrument()), place.address);
    }
    throw invalid_field(
        "way", fmt::format("the bench has no server for the way of {}", in_quotes(place.name)));
}

Environment Bench::environment() const {
    Environment all = usb_ ? usb_->environment() : Environment{};
    std::ranges::copy(equipment_->environment(), std::back_inserter(all));
    return all;
}

std::string Bench::config() const {
    return equipment_->config(addresses_);
}

Bench::Stand& Bench::find(const std::string& instrument) {
    std::vector<std::string> names;
    for (const std::unique_ptr<Stand>& stand : stands_) {
        if (stand->name == instrument) {
            return *stand;
        }
        names.push_back(stand->name);
    }
    throw Error(Code::not_found, fmt::format("no instrument is named {}; there are: {}",
                                             in_quotes(instrument), fmt::join(names, ", ")));
}

InstrumentStatus Bench::status_of(Stand& stand) const {
    const Instrument& instrument = stand.station->instrument();
    std::vector<Figure> figures = instrument.figures();
    std::ranges::move(stand.server->figures(), std::back_inserter(figures));
    return {.name = stand.name,
            .identity = instrument.identity(),
            .address = stand.server->address(),
            .connections = stand.server->connections(),
            .messages = stand.station->messages(),
            .errors = instrument.errors(),
            .busy = stand.activity.busy(),
            .figures = std::move(figures),
            .outputs = instrument.outputs()};
}

BenchStatus Bench::status() {
    return loop_.ask([this] {
        BenchStatus status{.all = waiting_.all(), .waiting = waiting_.waiting()};
        for (const std::unique_ptr<Stand>& stand : stands_) {
            status.instruments.push_back(status_of(*stand));
        }
        return status;
    });
}

InstrumentStatus Bench::status(const std::string& instrument) {
    Stand& stand = find(instrument);
    return loop_.ask([&] { return status_of(stand); });
}

std::uint64_t Bench::messages(const std::string& instrument) {
    Stand& stand = find(instrument);
    return loop_.ask([&] { return stand.station->messages(); });
}

void Bench::reset_statistics() {
    loop_.ask([this] {
        waiting_.reset();
        for (const std::unique_ptr<Stand>& stand : stands_) {
            stand->activity.reset();
        }
    });
}

void Bench::misbehave(const std::string& instrument, const Misbehave& order) {
    Stand& stand = find(instrument);
    require_possible(order.fault, stand.way);
    loop_.ask([&] { stand.station->misbehave(order); });
}

void Bench::release(const std::string& instrument) {
    Stand& stand = find(instrument);
    loop_.ask([&] { stand.station->release(); });
}

} // namespace phyll::bench
