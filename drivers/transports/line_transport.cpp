#include "drivers/transports/line_transport.hpp"

#include <utility>

namespace phyll::transports {
namespace {

constexpr std::size_t piece_size = 64U << 10U;

} // namespace

LineTransport::LineTransport(std::unique_ptr<StreamPort> port, TrafficLog& log)
    : port_(std::move(port)),
      log_(log),
      piece_(piece_size),
      answers_(port_->address(), *this, log) {}

void LineTransport::connect(const Patience& patience) {
    if (!port_->connected()) {
        answers_.forget();
    }
    port_->connect(patience);
}

void LineTransport::write(std::span<const std::byte> message, const Patience& patience) {
    log_.sent(message);
    std::vector<std::byte> line;
    line.reserve(message.size() + 1);
    line.assign(message.begin(), message.end());
    line.push_back(std::byte{'\n'});
    port_->write(line, patience);
}

void LineTransport::clear(const Patience& patience) {
    answers_.forget();
    port_->clear(patience);
}

bool LineTransport::more(std::string& into, std::size_t /*wanted*/, const Patience& patience) {
    const std::size_t count = port_->read_some(piece_, patience);
    into.append(reinterpret_cast<const char*>(piece_.data()), count);
    return false;
}

} // namespace phyll::transports
