#pragma once

#include "drivers/transports/answer_reader.hpp"
#include "drivers/transports/stream_port.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/transport.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace phyll::transports {

/// SCPI over a way for bytes, a raw socket or a serial line: messages and answers end with a line
/// feed.
class LineTransport final : public Transport, private AnswerSource {
  public:
    /// `log` outlives the transport.
    LineTransport(std::unique_ptr<StreamPort> port, TrafficLog& log);

    void connect(const Patience& patience) override;
    [[nodiscard]] bool connected() const noexcept override { return port_->connected(); }
    using Transport::write;
    void write(std::span<const std::byte> message, const Patience& patience) override;
    [[nodiscard]] std::string read_line(const Patience& patience) override {
        return answers_.read_line(patience);
    }
    [[nodiscard]] std::vector<std::byte> read_block(std::size_t most,
                                                    const Patience& patience) override {
        return answers_.read_block(most, patience);
    }
    void clear(const Patience& patience) override;
    void shut() noexcept override { port_->shut(); }
    [[nodiscard]] bool is_shut() const noexcept override { return port_->is_shut(); }
    [[nodiscard]] const std::string& address() const noexcept override { return port_->address(); }

  private:
    bool more(std::string& into, std::size_t wanted, const Patience& patience) override;
    [[nodiscard]] bool marks_ends() const noexcept override { return false; }

    std::unique_ptr<StreamPort> port_;
    TrafficLog& log_;
    std::vector<std::byte> piece_;
    AnswerReader answers_;
};

} // namespace phyll::transports
