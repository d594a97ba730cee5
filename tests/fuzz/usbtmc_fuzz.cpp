// USBTMC, both ways: a device that answers anything, a host that sends anything, and the two of
// ours together, between which every message has to pass as it is. The first byte says which.

#include "drivers/transports/usbtmc/channel.hpp"
#include "drivers/transports/usbtmc/frames.hpp"
#include "sim/bench/usb/usbtmc_function.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/swift_clock.hpp"

#include <optional>
#include <utility>

using namespace phyll;
using namespace phyll::fuzz;

namespace {

using bench::usb::UsbtmcFunction;
using transports::Patience;
using transports::usbtmc::Bulk;
using transports::usbtmc::Channel;
using transports::usbtmc::ControlRequest;
using transports::usbtmc::Interface;
using transports::usbtmc::Moved;

std::span<const std::uint8_t> as_numbers(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> as_bytes(const bench::usb::Bytes& numbers) {
    return std::as_bytes(std::span(numbers));
}

Moved give(std::span<const std::byte> bytes, std::span<std::byte> into) {
    const std::size_t count = std::min(bytes.size(), into.size());
    std::ranges::copy(bytes.first(count), into.begin());
    return {.bytes = count};
}

/// What all devices here have in common: they are there.
class Device : public transports::usbtmc::UsbDevice {
  public:
    void open(const Patience&) override {}
    [[nodiscard]] bool is_open() noexcept override { return true; }
    void close() noexcept override {}
    [[nodiscard]] Interface interface() const noexcept override {
        return {.number = 0, .out = bench::usb::bulk_out, .in = bench::usb::bulk_in};
    }
    void shut() noexcept override {}
    [[nodiscard]] bool is_shut() const noexcept override { return false; }
};

/// Answers with what the input has.
class AnyDevice final : public Device {
  public:
    explicit AnyDevice(Input& input) : input_(input) {}

    Moved send(std::span<const std::byte> bytes, const Patience&) override {
        require(bytes.size() >= transports::usbtmc::header_size && bytes.size() % 4 == 0,
                "a transfer has a header, and is padded");
        tag_ = bytes[1];
        return {.bytes = bytes.size(), .stalled = next() == How::stalled};
    }
    Moved receive(std::span<std::byte> into, const Patience&) override {
        const How how = next();
        if (how == How::stalled) {
            return {.bytes = 0, .stalled = true};
        }
        if (how == How::late) {
            throw Error(Code::deadline_exceeded, "it did not answer in time");
        }
        const auto part = input_.part();
        std::vector<std::byte> transfer(part.begin(), part.end());
        if (how == How::well && transfer.size() >= transports::usbtmc::header_size) {
            head(transfer);
        }
        return give(transfer, into);
    }
    Moved receive_left(std::span<std::byte> into, const Patience&) override {
        const bool stalled = next() == How::stalled;
        return {.bytes = give(input_.part(), into).bytes, .stalled = stalled};
    }
    Moved control(const ControlRequest& request, std::span<std::byte> into,
                  const Patience&) override {
        require(into.size() >= request.length, "there is room for the answer to a request");
        const How how = next();
        Moved moved = give(input_.bytes(request.length), into);
        if (how == How::well && !into.empty()) {
            into[0] = std::byte{1}; // it succeeded
        }
        moved.stalled = how == How::stalled;
        return moved;
    }
    void clear_halt(Bulk, const Patience&) override {}

  private:
    enum class How { well, as_it_is, late, stalled };

    How next() { return static_cast<How>(input_.number<std::uint8_t>() % 4); }

    /// The header that the rules ask for, but for the size, of which the last byte is the input's.
    void head(std::vector<std::byte>& transfer) const {
        const std::size_t size = transfer.size() - transports::usbtmc::header_size;
        transfer[0] = std::byte{2};
        transfer[1] = tag_;
        transfer[2] = ~tag_;
        transfer[4] = static_cast<std::byte>(size);
        transfer[5] = static_cast<std::byte>(size >> 8U);
        transfer[6] = transfer[7] = std::byte{0};
    }

    Input& input_;
    std::byte tag_{};
};

/// A driver's side, with a device that answers anything.
void check_channel(Input& input) {
    const test::SwiftClock clock;
    AnyDevice device(input);
    Channel channel(device, clock);
    expect_error_only([&] { channel.greet({}); });
    constexpr int most_steps = 32;
    for (int i = 0; i < most_steps && !input.empty(); ++i) {
        expect_error_only([&] {
            switch (input.number<std::uint8_t>() % 4) {
            case 0:
                channel.write(input.part(), {});
                break;
            case 1:
                channel.clear({});
                break;
            default: {
                std::string answer;
                const auto wanted = input.number<std::uint16_t>();
                static_cast<void>(channel.read(answer, wanted, {}));
                require(answer.size() <= std::max<std::size_t>(wanted, 1024) + 1024,
                        "an answer is no longer than it was asked for");
            }
            }
        });
    }
}

/// Keeps what it is told, and says what it is to reply.
class Kept final : public bench::usb::UsbtmcInstrument {
  public:
    void message(std::uint64_t number, std::string text) override {
        last_number = number;
        last = std::move(text);
    }
    void clear() override {}
    void interrupted() override {}
    void too_long() override {}
    std::uint8_t status_byte() override { return 0x40; }

    std::uint64_t last_number = 0;
    std::optional<std::string> last;
};

/// A virtual instrument's side, with a host that sends anything.
void check_function(Input& input) {
    Kept kept;
    UsbtmcFunction function(kept);
    while (!input.empty()) {
        switch (input.number<std::uint8_t>() % 8) {
        case 0:
        case 1:
            static_cast<void>(function.bulk_out_bytes(as_numbers(input.part())));
            break;
        case 2: {
            const std::size_t room = input.number<std::uint16_t>();
            require(function.bulk_in_bytes(room).bytes.size() <= room, "there is room");
            break;
        }
        case 3: {
            const auto number = input.number<std::uint8_t>();
            const auto value = input.number<std::uint16_t>();
            static_cast<void>(function.answer({.number = number, .value = value, .index = 0}));
            break;
        }
        case 4: {
            const auto how = input.number<std::uint8_t>();
            function.reply(kept.last_number - (how & 8U) / 8,
                           {.text = std::string(as_text(input.part())),
                            .stall = (how & 1U) != 0,
                            .in_pieces = (how & 2U) != 0});
            break;
        }
        case 5:
            static_cast<void>(function.notification());
            break;
        case 6:
            function.clear_halt(input.number<std::uint8_t>() % 2 == 0 ? bench::usb::bulk_out
                                                                      : bench::usb::bulk_in);
            break;
        default:
            function.reset();
            break;
        }
    }
}

/// A virtual instrument as a driver's device.
class Looped final : public Device {
  public:
    explicit Looped(UsbtmcFunction& function) : function_(function) {}

    Moved send(std::span<const std::byte> bytes, const Patience&) override {
        return {.bytes = bytes.size(), .stalled = !function_.bulk_out_bytes(as_numbers(bytes))};
    }
    Moved receive(std::span<std::byte> into, const Patience&) override {
        const UsbtmcFunction::In in = function_.bulk_in_bytes(into.size());
        require(in.kind == UsbtmcFunction::In::Kind::bytes, "there is a reply to be read");
        return give(as_bytes(in.bytes), into);
    }
    Moved receive_left(std::span<std::byte> into, const Patience&) override {
        return give(as_bytes(function_.bulk_in_bytes(into.size()).bytes), into);
    }
    Moved control(const ControlRequest& request, std::span<std::byte> into,
                  const Patience&) override {
        const auto answer = function_.answer(
            {.number = request.request, .value = request.value, .index = request.index});
        return answer ? give(as_bytes(*answer), into) : Moved{.stalled = true};
    }
    void clear_halt(Bulk endpoint, const Patience&) override {
        function_.clear_halt(endpoint == Bulk::out ? bench::usb::bulk_out : bench::usb::bulk_in);
    }

  private:
    UsbtmcFunction& function_;
};

/// What a message is without its end.
std::string_view without_end(std::string_view text) {
    for (const char end : {'\n', '\r'}) {
        text.remove_suffix(text.ends_with(end) ? 1 : 0);
    }
    return text;
}

void check_pair(Input& input) {
    const test::SwiftClock clock;
    Kept kept;
    UsbtmcFunction function(kept);
    Looped device(function);
    Channel channel(device, clock);
    channel.greet({});
    while (!input.empty()) {
        const auto how = input.number<std::uint8_t>();
        const auto message = input.part();
        channel.write(message, {});
        require(kept.last == without_end(as_text(message)), "a message comes as it was sent");
        const std::string reply = std::string(as_text(input.part())) + "\n";
        function.reply(kept.last_number, {.text = reply, .in_pieces = (how & 1U) != 0});
        std::string read;
        while (!channel.read(read, how * std::size_t{16}, {})) {
        }
        require(read == reply, "a reply comes as it was given");
        if ((how & 2U) != 0) {
            channel.clear({});
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    switch (input.number<std::uint8_t>() % 4) {
    case 0:
        check_channel(input);
        break;
    case 1:
        check_function(input);
        break;
    case 2:
        check_pair(input);
        break;
    default: {
        const auto tag = input.number<std::uint8_t>();
        const auto most = input.number<std::uint32_t>();
        const auto transfer = input.rest();
        expect_error_only([&] {
            const auto piece = transports::usbtmc::piece_in(transfer, tag, most);
            require(piece.bytes.size() <= most && piece.bytes.size() <= transfer.size(),
                    "a piece is no longer than it was asked for");
        });
    }
    }
    return 0;
}
