#pragma once

#include "sim/bench/server/asio.hpp"
#include "sim/bench/server/bench.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace phyll::bench {

/// What a bench is told and asked from outside, as JSON: one request a line, one answer a line.
///   {"do":"status"}  {"do":"reset-statistics"}  {"do":"release","instrument":"generator"}
///   {"do":"misbehave","instrument":"digitiser","kind":"delay","at":3,"count":2,"seconds":0.5,
///    "text":"...","value":6}, of which what is not needed may be left out
/// Answers have "ok": true and, of a status, "status"; or "ok": false and "error".
class ControlDesk {
  public:
    ControlDesk(std::string bench_name, Bench& bench)
        : bench_name_(std::move(bench_name)), bench_(bench) {}

    /// Never throws about what a request says.
    [[nodiscard]] std::string answer(std::string_view request);

  private:
    std::string bench_name_;
    Bench& bench_;
};

/// A desk on a unix socket. Thread rule: whoever runs the context, which is not the bench's thread.
class ControlServer {
  public:
    /// Throws UNAVAILABLE when the socket cannot be made there.
    ControlServer(boost::asio::io_context& context, const std::filesystem::path& path,
                  ControlDesk& desk);

  private:
    class Session;

    void accept();

    boost::asio::local::stream_protocol::acceptor acceptor_;
    ControlDesk& desk_;
};

/// Asks the bench whose control socket that is; returns its answer. Throws UNAVAILABLE when there
/// is no bench.
[[nodiscard]] std::string ask_control(const std::filesystem::path& path,
                                      const std::string& request);

} // namespace phyll::bench
