#include "sim/bench/optical/camera_server.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <arv.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

namespace phyll::bench {
namespace {

struct Unref {
    void operator()(gpointer object) const noexcept { g_object_unref(object); }
};

double number_from(const std::string& text, double most) {
    const auto number = number_of<double>(text);
    if (!number || !(*number >= 0.0) || *number > most) {
        throw invalid_field(
            "text", fmt::format("{}; valid is a number from 0 to {:g}", in_quotes(text), most));
    }
    return *number;
}

} // namespace

CameraInstrument::CameraInstrument(const std::string& serial, See see, double exposing,
                                   const Site& site)
    : serial_(serial),
      identity_(fmt::format("Aravis,GVFake,{},1", serial)),
      see_(std::move(see)),
      exposing_(exposing),
      misbehaviour_(*site.misbehaviour) {}

VirtualCamera::Look CameraInstrument::look() {
    return [this](const Exposure& exposure, std::span<std::uint16_t> counts) {
        return expose(exposure, counts);
    };
}

bool CameraInstrument::expose(const Exposure& exposure, std::span<std::uint16_t> counts) {
    Exposure exposed = exposure;
    if (const double stuck = stuck_exposure_; stuck > 0.0) {
        exposed.seconds = stuck;
    } else {
        last_exposure_ = exposure.seconds;
    }
    const auto end = std::chrono::steady_clock::now() + Seconds(exposing_ * exposed.seconds);
    see_(exposed, counts);
    std::this_thread::sleep_until(end);
    ++frames_;
    const std::vector<Misbehave> faults = misbehaviour_.next(Occasion::trigger);
    if (contains(faults, Fault::stale) && last_.size() == counts.size()) {
        std::ranges::copy(last_, counts.begin());
    } else {
        last_.assign(counts.begin(), counts.end());
    }
    return !contains(faults, Fault::missed_trigger);
}

void CameraInstrument::at_panel(std::string_view command) {
    std::istringstream words{std::string(command)};
    std::string verb;
    std::string object;
    words >> verb >> object;
    if (verb == "lose") {
        panel_.lose(number_from(object, 1.0));
    } else if (verb == "occupy") {
        panel_.occupy(Seconds(number_from(object, 3600.0)));
    } else if (verb == "stick" && object == "exposure") {
        stuck_exposure_ = last_exposure_.load();
    } else if (verb == "free" && object == "exposure") {
        stuck_exposure_ = 0.0;
    } else {
        throw invalid_field("text", fmt::format("{}; valid is lose SHARE, occupy SECONDS, stick "
                                                "exposure, free exposure",
                                                in_quotes(command)));
    }
}

/// Another program that controls the camera.
class CameraServer::Occupant {
  public:
    explicit Occupant(const std::string& address)
        : camera_(arv_camera_new(address.c_str(), nullptr)) {}

  private:
    std::unique_ptr<ArvCamera, Unref> camera_;
};

CameraServer::CameraServer(Loop& loop, CameraInstrument& instrument, std::string address)
    : loop_(loop),
      address_(std::move(address)),
      absence_(loop),
      camera_(address_, instrument.serial(), instrument.look()) {
    instrument.on_panel({.lose = [this](double share) { camera_.lose_packets(share); },
                         .occupy = [this](Seconds time) { occupy(time); }});
}

CameraServer::~CameraServer() = default;

/// What it sees may be gone before it is.
void CameraServer::stop() {
    loop_.ask([this] {
        absence_.for_good();
        occupant_.reset();
        camera_.switch_off();
    });
}

void CameraServer::go_offline(Seconds off) {
    occupant_.reset();
    camera_.switch_off();
    absence_.begin(off, [this] { camera_.switch_on(); });
}

/// Whoever had control loses it: the camera is switched off and on.
void CameraServer::occupy(Seconds time) {
    camera_.switch_off();
    camera_.switch_on();
    occupant_ = std::make_unique<Occupant>(address_);
    loop_.after(time, [this] { occupant_.reset(); });
}

} // namespace phyll::bench
