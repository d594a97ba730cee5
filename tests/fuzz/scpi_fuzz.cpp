// SCPI, both ways: each input is what an instrument answers, line by line and block by block, and
// what the virtual instruments are told.

#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/scpi_session.hpp"
#include "drivers/instruments/sweep_values.hpp"
#include "drivers/transports/answer_reader.hpp"
#include "drivers/transports/visa_resource.hpp"
#include "sim/bench/electronic/keysight_33500.hpp"
#include "sim/bench/electronic/rigol_dg1000z.hpp"
#include "sim/bench/scpi/framer.hpp"
#include "sim/bench/scpi/message.hpp"
#include "tests/fuzz/input.hpp"

#include <optional>
#include <set>

using namespace phyll;
using namespace phyll::fuzz;

namespace {

using transports::Patience;

/// The largest that is asked for anywhere: a file of settings.
constexpr std::size_t most_block = std::size_t{256} << 20U;

/// Bytes that come in pieces.
class Pieces final : public transports::AnswerSource {
  public:
    Pieces(std::string_view bytes, std::size_t piece, bool marks_end)
        : rest_(bytes), piece_(piece), marks_end_(marks_end) {}

    bool more(std::string& into, std::size_t, const Patience&) override {
        if (rest_.empty() && !marks_end_) {
            throw Error(Code::deadline_exceeded, "nothing more came");
        }
        into.append(rest_.substr(0, piece_));
        rest_.remove_prefix(std::min(piece_, rest_.size()));
        return marks_end_ && rest_.empty();
    }
    [[nodiscard]] bool marks_ends() const noexcept override { return marks_end_; }

  private:
    std::string_view rest_;
    std::size_t piece_;
    bool marks_end_;
};

/// What is asked for, answer by answer.
enum class Order { lines, blocks, in_turn };

/// The answers in `bytes` until they are out of form or out.
std::vector<std::string> answers_in(std::string_view bytes, std::size_t piece, bool marks_end,
                                    Order order) {
    static const ManualClock clock;
    static const std::string name = "an instrument";
    transports::TrafficLog log(clock);
    log.turn(true);
    Pieces source(bytes, piece, marks_end);
    transports::AnswerReader reader(name, source, log);
    std::vector<std::string> answers;
    constexpr std::size_t most_answers = 16;
    expect_error_only([&] {
        while (answers.size() < most_answers) {
            const bool block =
                order == Order::blocks || (order == Order::in_turn && answers.size() % 2 != 0);
            answers.push_back(block ? std::string(as_text(reader.read_block(most_block, {})))
                                    : reader.read_line({}));
        }
    });
    return answers;
}

instruments::VnaSetup setup_of(std::size_t points) {
    return {.start = {1e9}, .stop = {2e9}, .points = points, .if_bandwidth = {1e3}, .power = {}};
}

/// Reads an answer as everything that one could be.
void read(const std::string& answer) {
    expect_error_only([&] {
        const instruments::Identity identity = instruments::parse_identity(answer);
        require(utf8(identity.in_words()) == identity.in_words(), "an identity is text");
    });
    expect_error_only([&] { static_cast<void>(transports::parse_visa(answer)); });
    static_cast<void>(instruments::number_in(trimmed(answer)));
    const auto bytes = std::as_bytes(std::span(answer));
    for (const bool is_double : {false, true}) {
        const std::size_t points = answer.size() / (is_double ? 16 : 8);
        expect_error_only([&] {
            require(instruments::from_block(bytes, is_double, setup_of(points)).size() == points,
                    "a sweep has as many points as it should");
        });
    }
    for (const std::size_t points : {2U, 3U}) {
        expect_error_only([&] {
            require(instruments::from_tuples(answer, setup_of(points)).size() == points,
                    "a sweep has as many points as it should");
        });
    }
    expect_error_only([&] {
        static_cast<void>(instruments::filled(answer, {{"name", "x"}, {"rate", "{name}"}}));
    });
}

void check_answers(std::string_view bytes) {
    std::set<std::string> answers;
    for (const Order order : {Order::lines, Order::blocks, Order::in_turn}) {
        for (const bool marks_end : {false, true}) {
            const auto whole = answers_in(bytes, bytes.size() + 1, marks_end, order);
            require(answers_in(bytes, 1, marks_end, order) == whole &&
                        answers_in(bytes, 7, marks_end, order) == whole,
                    "answers are the same however they come");
            answers.insert(whole.begin(), whole.end());
        }
    }
    std::ranges::for_each(answers, read);
}

std::vector<std::string> messages_in(std::string_view bytes, std::size_t piece) {
    bench::Framer framer;
    std::vector<std::string> messages;
    while (!bytes.empty()) {
        framer.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (auto message = framer.next()) {
            messages.push_back(std::move(*message));
        }
    }
    return messages;
}

void check_commands(const std::vector<std::string>& messages) {
    for (const std::string& message : messages) {
        expect_error_only([&] {
            bench::MessageReader reader(message);
            while (const auto command = reader.next()) {
                require(!command->header.empty(), "a command has a header");
            }
        });
    }
}

template <class Instrument>
void check_instrument(const std::vector<std::string>& messages) {
    // One for all inputs, since its table of commands takes long to make: switched on anew, it is
    // as it was.
    static Instrument instrument("PHYLLSIM0", {}, [](const bench::Burst&) {});
    instrument.power_on();
    for (const std::string& message : messages) {
        bool done = false;
        instrument.act(message, [&done](const std::optional<std::string>&) {
            require(!done, "a message is done once");
            done = true;
        });
        if (!done) {
            instrument.forget();
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_answers(bytes);
    const std::vector<std::string> messages = messages_in(bytes, size + 1);
    require(messages_in(bytes, 1) == messages, "messages are the same however they come");
    check_commands(messages);
    check_instrument<bench::Keysight33500>(messages);
    check_instrument<bench::RigolDg1000z>(messages);
    return 0;
}
