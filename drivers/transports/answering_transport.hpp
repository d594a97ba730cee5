#pragma once

#include "drivers/transports/answer_reader.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/transport.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace phyll::transports {

/// A transport that has its answers in pieces: what is derived from it says where they come from.
class AnsweringTransport : public Transport, private AnswerSource {
  public:
    [[nodiscard]] std::string read_line(const Patience& patience) final {
        return answers_.read_line(patience);
    }
    [[nodiscard]] std::vector<std::byte> read_block(std::size_t most,
                                                    const Patience& patience) final {
        return answers_.read_block(most, patience);
    }
    [[nodiscard]] const std::string& address() const noexcept final { return resource_; }

  protected:
    /// `log` outlives it.
    AnsweringTransport(std::string resource, TrafficLog& log)
        : resource_(std::move(resource)), log_(log), answers_(resource_, *this, log) {}

    /// What came and was not read is none to what is asked from now on.
    void forget_answers() noexcept { answers_.forget(); }
    [[nodiscard]] TrafficLog& log() noexcept { return log_; }

  private:
    const std::string resource_;
    TrafficLog& log_;
    AnswerReader answers_;
};

} // namespace phyll::transports
