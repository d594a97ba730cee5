#include "drivers/audio/server.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace phyll::audio {
namespace {

constexpr std::chrono::microseconds look_every{500};
/// Looks for a record before a client is told that it is not there yet: what else it has to say
/// does not wait for long.
constexpr unsigned looks_for_record = 40;

} // namespace

Server::Server(const boost::asio::any_io_executor& executor, BlockPlayer& player,
               Description description, const Limits& limits, const std::string& address,
               std::uint16_t port)
    : player_(player),
      description_(std::move(description)),
      own_limits_(limits),
      limits_(limits),
      executor_(executor) {
    server_.emplace(executor, framing, "the sound card", static_cast<services::Answering&>(*this),
                    address, port);
}

void Server::when(Reply reply, std::function<bool()> is_so, std::optional<unsigned> looks,
                  std::function<void()> then) {
    try {
        if (is_so() || (looks && *looks == 0)) {
            then();
            return;
        }
    } catch (const Error& error) {
        const std::string why = error.what();
        reply(Kind::refused, std::as_bytes(std::span(why)));
        return;
    }
    const auto timer = std::make_shared<boost::asio::steady_timer>(executor_, look_every);
    timer->async_wait([this, timer, reply = std::move(reply), is_so = std::move(is_so), looks,
                       then = std::move(then)](boost::system::error_code failed) mutable {
        if (!failed) {
            when(std::move(reply), std::move(is_so), looks ? std::optional(*looks - 1) : looks,
                 std::move(then));
        }
    });
}

void Server::hush(std::function<void()> then) {
    hushed_.push_back(std::move(then));
    if (std::exchange(hushing_, true)) {
        return; // nothing is queued meanwhile
    }
    player_.hush();
    const auto to_nobody = [](std::uint32_t, std::span<const std::byte>) {};
    when(
        to_nobody, [this] { return !player_.hushing(); }, std::nullopt,
        [this] {
            player_.forget();
            hushing_ = false;
            for (const std::function<void()>& each : std::exchange(hushed_, {})) {
                each();
            }
        });
}

void Server::answer(const FramedMessage& message, Reply reply) {
    switch (message.kind) {
    case Kind::describe: {
        const std::string text = to_content(description_);
        reply(Kind::description, std::as_bytes(std::span(text)));
        return;
    }
    case Kind::limit: {
        const Limits limits = limits_from(message.content);
        limits.check();
        limits_ = own_limits_.and_also(limits);
        reply(Kind::limited, {});
        return;
    }
    case Kind::play:
        play(message, reply);
        return;
    case Kind::collect:
        collect(number_from(message.content), reply);
        return;
    case Kind::silence:
        hush([reply = std::move(reply)] { reply(Kind::silent, {}); });
        return;
    default:
        throw Error(Code::invalid_argument, "that is not for a sound card to be asked");
    }
}

void Server::play(const FramedMessage& message, const Reply& reply) {
    Block block = block_from(message.content);
    limits_.check(block.samples, description_.outputs);
    const std::size_t frames = block.samples.size() / description_.outputs + block.longer;
    if (frames > description_.most_frames) {
        throw Error(Code::invalid_argument, fmt::format("a block of {} frames; {} is the most",
                                                        frames, description_.most_frames));
    }
    // What a client before began may still fade.
    const auto queued = std::make_shared<Block>(std::move(block));
    when(
        reply, [this] { return !hushing_; }, std::nullopt,
        [this, reply, queued] {
            reply(Kind::queued, to_content(player_.queue(std::move(*queued))));
        });
}

void Server::collect(std::uint32_t number, const Reply& reply) {
    const auto record = std::make_shared<std::optional<Record>>();
    when(
        reply,
        [this, number, record] {
            *record = player_.take(number);
            return record->has_value();
        },
        looks_for_record,
        [reply, record] {
            if (*record) {
                reply(Kind::record, to_content(**record));
            } else {
                reply(Kind::pending, {});
            }
        });
}

void Server::gone() noexcept {
    limits_ = own_limits_;
    try {
        hush([] {});
    } catch (...) { // no memory for a timer: it fades all the same
        hushing_ = false;
        player_.hush();
    }
}

} // namespace phyll::audio
