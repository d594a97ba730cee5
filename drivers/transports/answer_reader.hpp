#pragma once

#include "drivers/transports/patience.hpp"
#include "drivers/transports/traffic_log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::transports {

/// Where the bytes of answers come from.
class AnswerSource {
  public:
    AnswerSource() = default;
    AnswerSource(const AnswerSource&) = delete;
    AnswerSource& operator=(const AnswerSource&) = delete;
    virtual ~AnswerSource() = default;

    /// Appends more bytes, about `wanted` where so many are there, and returns whether an answer
    /// ends with them. Throws as Transport::read_line does.
    virtual bool more(std::string& into, std::size_t wanted, const Patience& patience) = 0;
    /// Whether the way itself marks where an answer ends. Then all of an answer is read before
    /// something of it is returned, and a line needs no line feed.
    [[nodiscard]] virtual bool marks_ends() const noexcept = 0;
};

/// Lines and blocks out of bytes that come in pieces: the reading half of a Transport.
class AnswerReader {
  public:
    /// `resource` is for messages. Everything outlives the reader.
    AnswerReader(const std::string& resource, AnswerSource& source, TrafficLog& log)
        : resource_(resource), source_(source), log_(log) {}

    /// See Transport.
    [[nodiscard]] std::string read_line(const Patience& patience);
    [[nodiscard]] std::vector<std::byte> read_block(std::size_t most, const Patience& patience);

    /// Forgets what came and was not read.
    void forget() noexcept;

  private:
    /// What was left of the answer before may be read; where nothing is, the next one begins.
    void begin() noexcept;
    void more(std::size_t wanted, const Patience& patience);
    /// Makes at least `count` bytes of this answer be in the buffer, of which some more are wanted.
    void need(std::size_t count, std::size_t wanted, const Patience& patience);
    std::string take(std::size_t count);
    std::size_t block_length(std::size_t most, const Patience& patience);
    void end_block(const Patience& patience);
    [[noreturn]] void out_of_form(const std::string& why);

    const std::string& resource_;
    AnswerSource& source_;
    TrafficLog& log_;
    std::string buffer_; ///< what came and was not read
    bool ended_ = false; ///< the answer in the buffer is there to its end
};

} // namespace phyll::transports
