#pragma once

#include "drivers/core/keys/key.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace phyll::test {

/// Everybody that a daemon in an institute's network has to do with beside its users, at once: port
/// scans, HTTP, TLS, noise, connections that begin and do not go on, frames that are cut or too
/// large, wrong keys, and an owner of a key who tries what is not his. Each has a thread of his own
/// until the crowd ends.
class HostileCrowd {
  public:
    struct Target {
        std::string tcp;        ///< where owners of keys come
        std::string ipc;        ///< where anybody of this machine comes
        std::string server_key; ///< in hexadecimal
        SecretKey known;        ///< of an operator, who means no good
        std::string token;      ///< of a lease that is somebody else's
    };

    explicit HostileCrowd(Target target);
    HostileCrowd(const HostileCrowd&) = delete;
    HostileCrowd& operator=(const HostileCrowd&) = delete;
    /// Everybody goes.
    ~HostileCrowd();

    /// What each of them did: "port scan: 1200".
    [[nodiscard]] std::string account() const;
    /// Whether each did anything at all.
    [[nodiscard]] bool all_were_busy() const;

  private:
    struct Member {
        std::string name;
        std::atomic<std::uint64_t> done = 0;
        std::jthread thread;
    };

    /// `act` is repeated; `seed` is another one each time.
    void add(const std::string& name, std::function<void(std::uint64_t seed)> act);

    const Target target_;
    std::vector<std::unique_ptr<Member>> members_;
};

} // namespace phyll::test
