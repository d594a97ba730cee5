#include "drivers/transports/line_transport.hpp"

#include <utility>

namespace phyll::transports {
namespace {

constexpr std::size_t piece_size = 64U << 10U;

} // namespace

LineTransport::LineTransport(std::unique_ptr<StreamPort> port, TrafficLog& log)
    : AnsweringTransport(port->address(), log), port_(std::move(port)), piece_(piece_size) {}

void LineTransport::connect(const Patience& patience) {
    if (!port_->connected()) {
        forget_answers();
    }
    port_->connect(patience);
}

void LineTransport::write(std::span<const std::byte> message, const Patience& patience) {
    log().sent(message);
    std::vector<std::byte> line;
    line.reserve(message.size() + 1);
    line.assign(message.begin(), message.end());
    line.push_back(std::byte{'\n'});
    port_->write(line, patience);
}

void LineTransport::clear(const Patience& patience) {
    forget_answers();
    port_->clear(patience);
}

bool LineTransport::more(std::string& into, std::size_t /*wanted*/, const Patience& patience) {
    const std::size_t count = port_->read_some(piece_, patience);
    into.append(reinterpret_cast<const char*>(piece_.data()), count);
    return false;
}

} // namespace phyll::transports
