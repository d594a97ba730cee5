#include "sim/bench/optical/virtual_display.hpp"

#include "sim/bench/optical/slm_messages.hpp"
#include "sim/bench/server/framed_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::bench {

VirtualDisplay::VirtualDisplay(const std::string& serial, LitDisplay& display, const Site& site)
    : identity_(
          fmt::format("phyllsim,DISPLAY-{}x{},{},1.0", display.width(), display.height(), serial)),
      display_(display),
      misbehaviour_(*site.misbehaviour) {}

std::unique_ptr<MessageCutter> VirtualDisplay::cutter() const {
    return std::make_unique<FramedTextCutter>(slm_kind::letters);
}

/// Size, then the four parts of the identity, a line each.
std::string VirtualDisplay::description(const std::string& identity) const {
    std::string lines = identity;
    std::ranges::replace(lines, ',', '\n');
    return fmt::format("{} {}\n{}\n", display_.width(), display_.height(), lines);
}

void VirtualDisplay::act(std::string message, Done done) {
    const FramedText request = framed_text(message);
    FramedText reply{.kind = slm_kind::refused, .sequence = request.sequence};
    if (request.kind == slm_kind::describe) {
        reply.kind = slm_kind::description;
        reply.content = description(identity_);
    } else if (request.kind == slm_kind::show) {
        reply.content = show(request.content);
        if (reply.content.empty()) {
            reply.kind = slm_kind::shown;
        }
    } else {
        reply.content = "that is not for a display to be asked";
    }
    done(framed_bytes(slm_kind::letters, reply));
}

/// Why not, if not.
std::string VirtualDisplay::show(const std::string& levels) {
    const std::size_t pixels = display_.width() * display_.height();
    if (!levels.empty() && levels.size() != pixels) {
        return fmt::format("levels: {}; the display has {} x {} pixels", levels.size(),
                           display_.width(), display_.height());
    }
    if (!failures_.empty()) {
        std::string why = std::move(failures_.front());
        failures_.pop_front();
        return why;
    }
    ++pictures_;
    std::vector<std::uint8_t> picture(pixels, 0);
    std::ranges::transform(levels, picture.begin(),
                           [](char level) { return static_cast<std::uint8_t>(level); });
    const std::vector<Misbehave> faults = misbehaviour_.next(Occasion::picture);
    display_.show(std::move(picture), contains(faults, Fault::late)  ? LitDisplay::How::late
                                      : contains(faults, Fault::cut) ? LitDisplay::How::cut
                                                                     : LitDisplay::How::whole);
    return {};
}

void VirtualDisplay::blank() {
    display_.show(std::vector<std::uint8_t>(display_.width() * display_.height(), 0));
}

void VirtualDisplay::power_on() {
    failures_.clear();
    blank();
}

void VirtualDisplay::disguise(std::string& reply, const std::string& other) const {
    FramedText message = framed_text(reply);
    if (message.kind == slm_kind::description) {
        message.content = description(other);
        reply = framed_bytes(slm_kind::letters, message);
    }
}

} // namespace phyll::bench
