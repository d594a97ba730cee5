#pragma once

#include "drivers/transports/stream_port.hpp"
#include "drivers/transports/waiting_loop.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <string>
#include <utility>

namespace phyll::transports {

/// A port on one of Asio's streams. Only ports include this header.
template <class Stream>
class AsioPort : public StreamPort {
  public:
    AsioPort(std::string resource, const Clock& clock, TrafficLog& log, Logged logged)
        : resource_(std::move(resource)),
          log_(log),
          logged_(logged),
          loop_(resource_, gate_, clock, log),
          stream_(loop_.context()) {}

    void connect(const Patience& patience) override {
        const auto use = in_use();
        if (up_) {
            loop_.check_may_begin("connect", patience);
            return;
        }
        close();
        try {
            open(patience);
        } catch (...) {
            close();
            throw;
        }
        up_ = true;
        log_.remark("connected");
    }
    [[nodiscard]] bool connected() const noexcept override { return up_ && !is_shut(); }
    void disconnect() noexcept override {
        const auto use = in_use();
        close();
    }

    void write(std::span<const std::byte> bytes, const Patience& patience) override {
        const auto use = in_use();
        if (logged_ == Logged::bytes) {
            log_.sent(bytes);
        }
        perform("take a message", patience, [&](auto done) {
            boost::asio::async_write(
                stream_, boost::asio::buffer(bytes.data(), bytes.size()),
                [done](const boost::system::error_code& error, std::size_t) { done(error); });
        });
    }
    [[nodiscard]] std::size_t read_some(std::span<std::byte> into,
                                        const Patience& patience) override {
        const auto use = in_use();
        std::size_t read = 0;
        perform("answer", patience, [&](auto done) {
            stream_.async_read_some(
                boost::asio::buffer(into.data(), into.size()),
                [&read, done](const boost::system::error_code& error, std::size_t count) {
                    read = count;
                    done(error);
                });
        });
        if (logged_ == Logged::bytes) {
            log_.received(into.first(read));
        }
        return read;
    }

    void shut() noexcept override {
        gate_.shut([this] { loop_.wake(); }, [this] { close(); });
    }
    [[nodiscard]] bool is_shut() const noexcept override { return gate_.is_shut(); }
    [[nodiscard]] const std::string& address() const noexcept override { return resource_; }

  protected:
    /// Connects the stream, which is closed.
    virtual void open(const Patience& patience) = 0;
    virtual void before_close() noexcept {}
    /// What it means when the other side is no more.
    [[nodiscard]] virtual std::string gone() const = 0;
    virtual void cancel() noexcept {
        boost::system::error_code ignored;
        stream_.cancel(ignored);
    }

    /// See WaitingLoop::await; an operation that fails is UNAVAILABLE, and ends the connection.
    template <class Start>
    void perform(std::string_view what, const Patience& patience, Start start) {
        const boost::system::error_code error =
            loop_.await(what, patience, std::move(start), [this] { cancel(); });
        if (error) {
            fail(what, error == boost::asio::error::eof ? gone() : error.message());
        }
    }
    [[noreturn]] void fail(std::string_view what, const std::string& why) {
        close();
        log_.remark(fmt::format("failed to {}: {}", what, why));
        throw Error(Code::unavailable, fmt::format("{} did not {}: {}", resource_, what, why));
    }

    /// Is kept while something is done with the stream: `shut` comes from other threads.
    [[nodiscard]] auto in_use() {
        return Gate::Use(gate_, [this] { close(); });
    }
    [[nodiscard]] WaitingLoop& loop() noexcept { return loop_; }
    [[nodiscard]] Stream& stream() noexcept { return stream_; }

  private:
    void close() noexcept {
        before_close();
        boost::system::error_code ignored;
        stream_.close(ignored);
        up_ = false;
    }

    const std::string resource_;
    TrafficLog& log_;
    const Logged logged_;
    Gate gate_;
    WaitingLoop loop_;
    Stream stream_;
    std::atomic<bool> up_ = false;
};

} // namespace phyll::transports
