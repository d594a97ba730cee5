#pragma once

#include "sim/bench/usb/urb.hpp"
#include "sim/bench/usb/usbtmc_codes.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace phyll::bench::usb {

/// The instrument as its USB interface sees it. Thread rule: that of UsbtmcFunction, which calls
/// it.
class UsbtmcInstrument {
  public:
    UsbtmcInstrument() = default;
    UsbtmcInstrument(const UsbtmcInstrument&) = delete;
    UsbtmcInstrument& operator=(const UsbtmcInstrument&) = delete;
    virtual ~UsbtmcInstrument() = default;

    /// A complete message, without its end. The reply, if there is one, comes by
    /// UsbtmcFunction::reply with the same number.
    virtual void message(std::uint64_t number, std::string text) = 0;
    /// Device clear: messages that were not begun are forgotten.
    virtual void clear() = 0;
    /// A message came before the reply to the one before was read, which is lost.
    virtual void interrupted() = 0;
    /// A message became too long, and is lost.
    virtual void too_long() = 0;
    /// As IEEE 488.2 has it, but for the bit that says that a reply waits.
    [[nodiscard]] virtual std::uint8_t status_byte() = 0;
};

/// A class request on the control endpoint.
struct Request {
    std::uint8_t number = 0;
    std::uint16_t value = 0;
    std::uint16_t index = 0;
};

/// The device's side of USBTMC and USB488: bulk transfers and class requests in, messages out;
/// replies in, bulk transfers out. Knows no clocks and no URBs. Thread rule: one at a time.
class UsbtmcFunction {
  public:
    /// Bytes of a message.
    static constexpr std::size_t largest_message = (std::size_t{64} << 20U) + 4096;

    explicit UsbtmcFunction(UsbtmcInstrument& instrument) : instrument_(instrument) {}

    /// What becomes of a message beside its text.
    struct Reply {
        std::string text{}; ///< with its end; empty: none
        bool stall = false; ///< the endpoint stalls instead: bulk-in, or bulk-out without a text
        bool in_pieces = false; ///< comes in transfers that are shorter than asked for
    };
    /// To the message of that number; nothing happens when nobody waits for it any more.
    void reply(std::uint64_t number, Reply reply);

    /// Bytes of a bulk-out transfer: all, or what one URB has of them. False: stalls.
    [[nodiscard]] bool bulk_out_bytes(std::span<const std::uint8_t> bytes);

    struct In {
        enum class Kind { nothing, bytes, stall, overflow };
        Kind kind = Kind::nothing; ///< `nothing`: as long as it has nothing to say
        Bytes bytes{};
    };
    /// Bytes of a bulk-in transfer, at most `room`.
    [[nodiscard]] In bulk_in_bytes(std::size_t room);
    /// A notification on the interrupt endpoint, if there is one.
    [[nodiscard]] std::optional<Bytes> notification();

    /// What a class request is answered with; nothing: stalls.
    [[nodiscard]] std::optional<Bytes> answer(const Request& request);

    [[nodiscard]] bool halted(std::uint8_t endpoint) const;
    void halt(std::uint8_t endpoint);
    void clear_halt(std::uint8_t endpoint);
    /// How often an endpoint was halted for what a client or an order did.
    [[nodiscard]] std::uint64_t stalls() const noexcept { return stalls_; }
    /// After a bus reset, a configuration, or when it is plugged in. Replies that are on their way
    /// are lost.
    void reset();

  private:
    /// A bulk-out transfer whose bytes are not all there.
    struct Outgoing {
        std::uint8_t tag = 0;
        std::size_t size = 0;
        std::size_t received = 0;
        bool end = false;
    };
    /// A request for a reply that was not yet met.
    struct Asked {
        std::uint8_t tag = 0;
        std::size_t most = 0;
        std::optional<char> end_at{};
    };
    /// A bulk-in transfer that has begun: `size` bytes of the reply, which is what is left of it.
    struct Incoming {
        Bytes bytes;
        std::size_t size = 0;
        std::size_t sent = 0;
    };

    [[nodiscard]] bool begin(std::span<const std::uint8_t> header, std::size_t length);
    [[nodiscard]] bool begin_message(std::span<const std::uint8_t> header);
    [[nodiscard]] bool ask(std::span<const std::uint8_t> header, std::size_t length);
    [[nodiscard]] bool take(std::span<const std::uint8_t> bytes);
    void hand_over();
    void send(std::string text);
    void put_reply(Reply reply);
    bool stall(std::uint8_t endpoint);
    void open();
    void finish();
    void forget_replies();

    /// Where transfers and answers to requests have a count of bytes.
    static void put_size(Bytes& bytes, std::size_t size);
    [[nodiscard]] Bytes initiate_abort_out(std::uint8_t tag);
    [[nodiscard]] Bytes check_abort_out() const;
    [[nodiscard]] Bytes initiate_abort_in(std::uint8_t tag);
    [[nodiscard]] Bytes check_abort_in() const;
    [[nodiscard]] Bytes initiate_clear();
    [[nodiscard]] Bytes check_clear();
    [[nodiscard]] Bytes read_status(std::uint8_t tag);

    UsbtmcInstrument& instrument_;
    std::string message_;
    std::optional<Outgoing> outgoing_;
    std::optional<Asked> asked_;
    std::optional<Incoming> incoming_;
    Reply reply_;
    std::size_t reply_sent_ = 0;
    std::optional<Bytes> notification_;
    std::optional<std::size_t> aborted_out_; ///< bytes that had been received
    std::optional<std::size_t> aborted_in_;  ///< bytes that had been sent
    bool ending_in_ = false;                 ///< an empty packet is due
    bool clearing_ = false;
    bool out_halted_ = false;
    bool in_halted_ = false;
    bool stall_next_out_ = false;
    std::uint64_t messages_ = 0; ///< so far; the last one's number
    std::uint64_t wanted_ = 1;   ///< replies to earlier ones are not
    std::uint64_t stalls_ = 0;
};

} // namespace phyll::bench::usb
