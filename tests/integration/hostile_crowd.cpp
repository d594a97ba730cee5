#include "hostile_crowd.hpp"

#include "keyed_peers.hpp"

#include "drivers/core/random.hpp"

#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <zmq.hpp>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <random>
#include <utility>

namespace phyll::test {
namespace {

/// The first bytes of a ZMTP 3.0 peer with that mechanism.
std::string greeting(const std::string& mechanism) {
    std::string bytes("\xff\0\0\0\0\0\0\0\x01\x7f\x03\x00", 12);
    bytes += mechanism;
    bytes.resize(64, '\0');
    return bytes;
}

std::string noise(std::uint64_t seed, std::size_t size) {
    std::mt19937_64 random(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(random() & 0xffU);
    }
    return bytes;
}

/// Connects by a plain socket; -1 where nobody answers, as where all descriptors are in use.
class Stream {
  public:
    explicit Stream(const std::string& endpoint) {
        const bool is_ipc = endpoint.starts_with("ipc://");
        fd_ = ::socket(is_ipc ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (is_ipc) {
            sockaddr_un where{};
            where.sun_family = AF_UNIX;
            endpoint.substr(6).copy(where.sun_path, sizeof where.sun_path - 1);
            connected_ =
                ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
        } else {
            sockaddr_in where{};
            where.sin_family = AF_INET;
            where.sin_port = htons(
                static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
            where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            connected_ =
                ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
        }
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    void send(const std::string& bytes) const {
        if (connected_) {
            static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
        }
    }
    /// Waits for whatever comes, or for the end of the connection.
    void look(int milliseconds) const {
        pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
        std::array<char, 4096> sink{};
        if (::poll(&waiting, 1, milliseconds) > 0) {
            static_cast<void>(::recv(fd_, sink.data(), sink.size(), MSG_DONTWAIT));
        }
    }

  private:
    int fd_ = -1;
    bool connected_ = false;
};

/// A ZeroMQ peer that waits for nothing long.
class Peer {
  public:
    Peer(const std::string& endpoint, const std::function<void(zmq::socket_t&)>& prepare) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::rcvtimeo, 200);
        socket_.set(zmq::sockopt::sndtimeo, 200);
        if (prepare) {
            prepare(socket_);
        }
        socket_.connect(endpoint);
    }

    void send(const std::vector<std::string>& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            if (!socket_.send(zmq::message_t(frames[i]), i + 1 < frames.size()
                                                             ? zmq::send_flags::sndmore
                                                             : zmq::send_flags::none)) {
                return;
            }
        }
    }
    void receive() {
        zmq::message_t frame;
        do {
            if (!socket_.recv(frame)) {
                return;
            }
        } while (frame.more());
    }

  private:
    zmq::context_t context_;
    zmq::socket_t socket_{context_, zmq::socket_type::dealer};
};

std::string describe_request(std::uint64_t id) {
    return RawPeer::request("phyll.v1.Lab/Describe", id).SerializeAsString();
}

void begin_and_stay(const HostileCrowd::Target& target, std::uint64_t seed) {
    // As many at a time as a scanner would hold, each as far as it likes to go.
    std::vector<std::unique_ptr<Stream>> open;
    for (std::size_t i = 0; i < 40; ++i) {
        open.push_back(std::make_unique<Stream>(i % 4 == 0 ? target.ipc : target.tcp));
        open.back()->send(greeting(i % 2 == 0 ? "CURVE" : "NULL").substr(0, (seed + i) % 65));
    }
    open.back()->look(100);
}

void cut_and_large_frames(const HostileCrowd::Target& target, std::uint64_t seed) {
    const Stream stream(target.ipc);
    stream.send(greeting("NULL"));
    stream.send(std::string("\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06", 24) + "DEALER");
    if (seed % 2 == 0) {
        stream.send(std::string("\x02\x00\x00\x7f\xff\xff\xff\xff\xff", 9)); // 140 TB to come
    } else {
        stream.send("\x01" + noise(seed, seed % 300)); // fewer bytes than it says
    }
    stream.look(20);
}

void what_is_not_his(Peer& peer, const HostileCrowd::Target& target, std::uint64_t seed) {
    v1::LeaseRequest lease;
    lease.set_token(target.token);
    v1::Header query = RawPeer::request("phyll.v1.Rigs/Query", seed);
    query.set_lease(target.token);
    for (const char* method : {"phyll.v1.Leases/Renew", "phyll.v1.Leases/Release"}) {
        peer.send({RawPeer::request(method, seed).SerializeAsString(), lease.SerializeAsString()});
        peer.receive();
    }
    v1::BreakLeaseRequest others;
    others.set_rig("cavity");
    peer.send({RawPeer::request("phyll.v1.Leases/Break", seed).SerializeAsString(),
               others.SerializeAsString()});
    peer.receive();
    peer.send({query.SerializeAsString(), noise(seed, 40), noise(seed, 4096)});
    peer.receive();
}

} // namespace

HostileCrowd::HostileCrowd(Target target) : target_(std::move(target)) {
    add("port scan", [this](std::uint64_t) {
        const Stream tcp(target_.tcp);
        const Stream ipc(target_.ipc);
    });
    add("HTTP and TLS", [this](std::uint64_t seed) {
        const Stream stream(target_.tcp);
        stream.send(seed % 2 == 0
                        ? std::string("GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
                        : std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
                              noise(seed, 500));
        stream.look(20);
    });
    add("noise", [this](std::uint64_t seed) {
        const Stream stream(seed % 3 == 0 ? target_.ipc : target_.tcp);
        stream.send(noise(seed, seed % 4096));
        stream.look(5);
    });
    add("half-open connections", [this](std::uint64_t seed) { begin_and_stay(target_, seed); });
    add("cut and large frames",
        [this](std::uint64_t seed) { cut_and_large_frames(target_, seed); });
    add("unknown keys", [this](std::uint64_t seed) {
        Peer peer(target_.tcp, showing(target_.server_key, new_secret_key()));
        peer.send({describe_request(seed)});
        peer.receive();
    });
    add("a wrong server key", [this](std::uint64_t seed) {
        Peer peer(target_.tcp, showing(new_secret_key().public_key().text(), target_.known));
        peer.send({describe_request(seed)});
        peer.receive();
    });
    add("no key", [this](std::uint64_t seed) {
        Peer peer(target_.tcp, nullptr);
        peer.send({describe_request(seed)});
        peer.receive();
    });
    const auto known = std::make_shared<std::unique_ptr<Peer>>();
    add("what is somebody else's", [this, known](std::uint64_t seed) {
        if (seed % 64 == 0 || !*known) {
            *known =
                std::make_unique<Peer>(target_.tcp, showing(target_.server_key, target_.known));
        }
        what_is_not_his(**known, target_, seed);
    });
    add("messages of nothing", [this](std::uint64_t seed) {
        Peer peer(seed % 2 == 0 ? target_.ipc : target_.tcp,
                  seed % 2 == 0 ? std::function<void(zmq::socket_t&)>()
                                : showing(target_.server_key, target_.known));
        const std::string request = describe_request(seed);
        for (std::size_t size = 0; size < request.size(); ++size) {
            peer.send({request.substr(0, size), noise(seed, size)});
        }
        peer.send(std::vector<std::string>(20, ""));
        peer.send({noise(seed, 100'000)});
        peer.send({request, noise(seed, 100)});
        peer.receive();
    });
}

HostileCrowd::~HostileCrowd() {
    for (const auto& member : members_) {
        member->thread.request_stop();
    }
}

void HostileCrowd::add(const std::string& name, std::function<void(std::uint64_t seed)> act) {
    Member& member = *members_.emplace_back(std::make_unique<Member>());
    member.name = name;
    member.thread = std::jthread([&member, act = std::move(act)](const std::stop_token& stop) {
        for (std::uint64_t seed = 1; !stop.stop_requested(); ++seed) {
            act(seed);
            ++member.done;
        }
    });
}

std::string HostileCrowd::account() const {
    std::string text;
    for (const auto& member : members_) {
        text += member->name + ": " + std::to_string(member->done) + "\n";
    }
    return text;
}

bool HostileCrowd::all_were_busy() const {
    bool all = true;
    for (const auto& member : members_) {
        all = all && member->done > 0;
    }
    return all;
}

} // namespace phyll::test
