#include "sim/bench/serial/serial_server.hpp"

#include "drivers/core/error.hpp"
#include "sim/bench/serial/pseudo_terminal.hpp"
#include "sim/bench/server/asio.hpp"
#include "sim/bench/server/turns.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <system_error>
#include <utility>

namespace phyll::bench {
namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr std::size_t read_at_once = 4096;
constexpr Seconds between_sharing{0.02};

/// What a bad line does to bytes that go over it together: in the middle.
void disturb(std::string& bytes, const std::vector<Misbehave>& faults) {
    for (const Misbehave& fault : faults) {
        if (bytes.empty()) {
            return;
        }
        const std::size_t middle = bytes.size() / 2;
        if (fault.fault == Fault::lose) {
            bytes.erase(middle, 1);
        } else if (fault.fault == Fault::garble) {
            constexpr int flipped = 0x20;
            bytes[middle] = static_cast<char>(bytes[middle] ^ flipped);
        }
    }
}

} // namespace

/// The line as it is plugged in.
class SerialServer::Line : public std::enable_shared_from_this<Line> {
  public:
    Line(SerialServer& server, PseudoTerminal terminal)
        : server_(server),
          terminal_(std::move(terminal)),
          stream_(server.loop_.context(), terminal_.ours.release()),
          gap_(server.loop_.context()),
          cutter_(server.station_.instrument().cutter()) {}

    [[nodiscard]] const std::string& path() const noexcept { return terminal_.path; }
    [[nodiscard]] bool used() const noexcept { return used_; }

    void start() {
        read();
        share();
    }

    void close() {
        error_code ignored;
        stream_.close(ignored);
        gap_.cancel(ignored);
        Descriptor hung_up(terminal_.theirs.release());
    }

  private:
    void read() {
        reading_ = true;
        stream_.async_read_some(
            boost::asio::buffer(bytes_),
            [self = shared_from_this()](const error_code& error, std::size_t count) {
                self->reading_ = false;
                if (!error) {
                    self->came({self->bytes_.data(), count});
                }
            });
    }

    void came(std::string bytes) {
        used_ = true;
        disturb(bytes, server_.misbehaviour_.next(Occasion::arrival));
        cutter_->append(bytes);
        wait_for_silence();
        pump();
    }

    void wait_for_silence() {
        gap_.expires_after(
            std::chrono::duration_cast<boost::asio::steady_timer::duration>(longest_gap));
        gap_.async_wait([self = shared_from_this()](const error_code& error) {
            if (!error) {
                self->cutter_->silence();
                self->pump();
            }
        });
    }

    void pump() {
        const bool ran = turns_.run(
            [this] { return stream_.is_open() ? cutter_->next() : std::nullopt; },
            [this](std::string message) {
                server_.station_.handle(std::move(message),
                                        [self = shared_from_this()](Station::Outcome outcome) {
                                            self->acted(std::move(outcome));
                                        });
            });
        if (ran && !turns_.busy() && !reading_ && stream_.is_open()) {
            read();
        }
    }

    void acted(Station::Outcome outcome) {
        if (!stream_.is_open()) {
            return;
        }
        if (outcome.close) {
            server_.go_offline(Seconds(0));
            return;
        }
        reply_ = std::move(outcome.reply);
        if (!reply_.empty()) {
            disturb(reply_, server_.misbehaviour_.next(Occasion::departure));
        }
        if (reply_.empty()) {
            turns_.done();
            pump();
            return;
        }
        boost::asio::async_write(stream_, boost::asio::buffer(reply_),
                                 [self = shared_from_this()](const error_code& error, std::size_t) {
                                     self->turns_.done();
                                     if (!error) {
                                         self->pump();
                                     }
                                 });
    }

    void share() {
        if (!stream_.is_open()) {
            return;
        }
        terminal_.share();
        server_.loop_.after(between_sharing, [weak = weak_from_this()] {
            if (const std::shared_ptr<Line> self = weak.lock()) {
                self->share();
            }
        });
    }

    SerialServer& server_;
    PseudoTerminal terminal_;
    stream_descriptor stream_;
    boost::asio::steady_timer gap_;
    std::unique_ptr<MessageCutter> cutter_;
    std::array<char, read_at_once> bytes_{};
    Turns turns_;
    std::string reply_;
    bool used_ = false;
    bool reading_ = false;
};

SerialServer::SerialServer(Loop& loop, const std::string& name, Station& station,
                           Misbehaviour& misbehaviour)
    : loop_(loop),
      station_(station),
      misbehaviour_(misbehaviour),
      absence_(loop),
      folder_("phyllsim-line"),
      link_(folder_.path() / name) {
    if (!station_.instrument().cutter()) {
        throw Error(Code::internal, fmt::format("the instrument {} has no serial port",
                                                station_.instrument().identity()));
    }
}

SerialServer::~SerialServer() = default;

std::string SerialServer::address() const {
    return fmt::format("ASRL{}::INSTR", link_.string());
}

std::size_t SerialServer::connections() const {
    return line_ && line_->used() ? 1 : 0;
}

void SerialServer::plug_in() {
    line_ = std::make_shared<Line>(*this, PseudoTerminal::open());
    std::error_code error;
    std::filesystem::create_symlink(line_->path(), link_, error);
    if (error) {
        throw Error(Code::unavailable,
                    fmt::format("cannot make the link {}: {}", link_.string(), error.message()));
    }
    line_->start();
}

void SerialServer::go_offline(Seconds off) {
    std::error_code ignored;
    std::filesystem::remove(link_, ignored);
    if (const std::shared_ptr<Line> line = std::exchange(line_, nullptr)) {
        line->close();
    }
    absence_.begin(off, [this] { plug_in(); });
}

} // namespace phyll::bench
