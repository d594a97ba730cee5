#include "drivers/instruments/serial_metasurface.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/claim.hpp"
#include "drivers/instruments/made_safe.hpp"
#include "drivers/instruments/metasurface_protocol.hpp"
#include "drivers/transports/byte_port.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace phyll::instruments {
namespace {

using Request = MetasurfaceProtocol::Request;
using Reply = MetasurfaceProtocol::Reply;

/// After how long a request is sent again that was not answered, and how often.
constexpr Seconds first_wait{0.25};
constexpr int most_sendings = 4;

std::unique_ptr<MetasurfaceProtocol> protocol_named(const std::string& name) {
    const std::vector<NamedProtocol>& all = metasurface_protocols();
    const auto found =
        name.empty() ? all.begin() : std::ranges::find(all, name, &NamedProtocol::name);
    if (found == all.end()) {
        std::vector<std::string> names;
        std::ranges::transform(all, std::back_inserter(names), &NamedProtocol::name);
        throw invalid_field("dialect", fmt::format("{}; valid for a metasurface is {}",
                                                   in_quotes(name), fmt::join(names, ", ")));
    }
    return found->make();
}

class SerialMetasurface final : public Metasurface {
  public:
    SerialMetasurface(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                      const Clock& clock)
        : claim_(settings, lock_dir),
          clock_(clock),
          protocol_(protocol_named(settings.dialect)),
          protocol_name_(settings.dialect.empty() ? metasurface_protocols().front().name
                                                  : settings.dialect),
          log_(std::make_shared<transports::TrafficLog>(clock)),
          port_(transports::open_byte_port(settings.address, settings.line, clock, *log_)) {}

    [[nodiscard]] const std::string& name() const noexcept override {
        return claim_.settings().name;
    }
    [[nodiscard]] bool is_virtual() const noexcept override { return claim_.settings().is_virtual; }
    [[nodiscard]] std::uint64_t life() const noexcept override { return life_; }
    [[nodiscard]] std::size_t atoms() const noexcept override { return atoms_; }
    void connect(const Patience& patience) override;
    void begin_pattern(std::span<const std::uint8_t> pattern, const Patience& patience) override;
    void finish_pattern(const Patience& patience) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    void shut() noexcept override {
        port_->shut();
        claim_.give_up();
    }
    [[nodiscard]] InstrumentStatus status() const override {
        InstrumentStatus status = claim_.status();
        status.dialect = protocol_name_;
        return status;
    }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override { return log_; }

  private:
    /// Does what goes over the line, and gives the line up when that fails: what comes later on it
    /// may belong to anything.
    template <class Exchange>
    auto exchange(const Patience& patience, Exchange what);
    void greet(const Patience& patience);
    /// Waits for the reply, sending again what was sent once.
    [[nodiscard]] Reply await(const Request& request, const Patience& patience);
    [[nodiscard]] std::optional<Reply> await_once(const Request& request, Seconds within,
                                                  const Patience& patience);

    Claim claim_;
    const Clock& clock_;
    const std::unique_ptr<MetasurfaceProtocol> protocol_;
    const std::string protocol_name_;
    const std::shared_ptr<transports::TrafficLog> log_;
    const std::unique_ptr<transports::BytePort> port_;
    std::vector<std::byte> received_;
    std::optional<Request> sent_; ///< whose reply was not waited for yet
    std::atomic<std::uint64_t> life_ = 0;
    std::atomic<std::size_t> atoms_ = 0;
};

template <class Exchange>
auto SerialMetasurface::exchange(const Patience& patience, Exchange what) {
    try {
        if (patience.deadline.passed(clock_)) {
            throw Error(Code::deadline_exceeded, "its turn came after the deadline");
        }
        return what();
    } catch (const Error& error) {
        port_->disconnect();
        sent_.reset();
        claim_.lost(error.what());
        throw error_of(name(), error);
    }
}

void SerialMetasurface::connect(const Patience& patience) {
    if (port_->connected()) {
        return;
    }
    exchange(patience, [&] { greet(patience); });
}

void SerialMetasurface::greet(const Patience& patience) {
    claim_.lock_address();
    port_->connect(patience);
    port_->discard();
    received_.clear();
    sent_.reset();
    const Request request = protocol_->identify();
    port_->write(request.bytes, patience);
    const Reply reply = await(request, patience);
    if (reply.kind != Reply::Kind::identity) {
        throw Error(Code::data_loss, "it does not say what it is");
    }
    claim_.accept(reply.identity);
    atoms_ = reply.atoms;
    claim_.connected(reply.identity, ++life_);
}

std::optional<Reply> SerialMetasurface::await_once(const Request& request, Seconds within,
                                                   const Patience& patience) {
    const Patience bounded = patience.within(clock_, within);
    std::array<std::byte, 256> bytes{};
    for (;;) {
        if (std::optional<Reply> reply = protocol_->reply_to(request, received_)) {
            return reply;
        }
        try {
            const std::size_t count = port_->read_some(bytes, bounded);
            received_.insert(received_.end(), bytes.begin(),
                             bytes.begin() + static_cast<std::ptrdiff_t>(count));
        } catch (const Error& error) {
            if (error.code() != Code::deadline_exceeded || patience.deadline.passed(clock_)) {
                throw;
            }
            return std::nullopt;
        }
    }
}

Reply SerialMetasurface::await(const Request& request, const Patience& patience) {
    const Seconds timeout = claim_.settings().timeout;
    const Seconds wait = std::min(first_wait, timeout / most_sendings);
    for (int sending = 1;; ++sending) {
        // The last one has all the time that is left.
        const Seconds within = sending == most_sendings ? std::max(wait, timeout - 3 * wait) : wait;
        if (std::optional<Reply> reply = await_once(request, within, patience)) {
            if (reply->kind == Reply::Kind::refused) {
                throw Error(Code::unavailable, fmt::format("it refuses: {}", reply->reason));
            }
            return std::move(*reply);
        }
        if (sending == most_sendings) {
            throw Error(Code::unavailable,
                        fmt::format("it did not answer what it was sent {} times, within {:g} s "
                                    "(its option timeout)",
                                    most_sendings, timeout.count()));
        }
        // What came so far may be the torn beginning of something.
        received_.clear();
        port_->write(request.bytes, patience);
    }
}

void SerialMetasurface::begin_pattern(std::span<const std::uint8_t> pattern,
                                      const Patience& patience) {
    connect(patience);
    if (pattern.size() != atoms_) {
        throw invalid_field("atoms",
                            fmt::format("{}; {} has {}", pattern.size(), name(), atoms_.load()));
    }
    exchange(patience, [&] {
        Request request = protocol_->pattern(pattern);
        port_->write(request.bytes, patience);
        sent_ = std::move(request);
    });
}

void SerialMetasurface::finish_pattern(const Patience& patience) {
    if (!sent_) {
        throw Error(Code::failed_precondition, fmt::format("{}: no pattern was sent", name()));
    }
    exchange(patience, [&] {
        if (await(*sent_, patience).kind != Reply::Kind::shown) {
            throw Error(Code::data_loss, "its reply to a pattern is none");
        }
        sent_.reset();
    });
}

SafeState SerialMetasurface::make_safe() noexcept {
    return made_safe(clock_, claim_.settings().timeout, [this](const Patience& patience) {
        connect(patience);
        show(std::vector<std::uint8_t>(atoms_, 0), patience);
    });
}

} // namespace

std::unique_ptr<Metasurface> make_serial_metasurface(const InstrumentSettings& settings,
                                                     const std::filesystem::path& lock_dir,
                                                     const Clock& clock) {
    return std::make_unique<SerialMetasurface>(settings, lock_dir, clock);
}

} // namespace phyll::instruments
