#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>

namespace phyll::test {

/// Keeps what is logged while it lives, from `warn` up, instead of writing it to standard error.
/// Thread rule: any thread.
class LogLines {
  public:
    LogLines() : before_(spdlog::default_logger()) {
        const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<Sink>(*this));
        logger->set_level(spdlog::level::warn);
        spdlog::set_default_logger(logger);
    }
    LogLines(const LogLines&) = delete;
    LogLines& operator=(const LogLines&) = delete;
    ~LogLines() { spdlog::set_default_logger(before_); }

    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

  private:
    class Sink final : public spdlog::sinks::base_sink<std::mutex> {
      public:
        explicit Sink(LogLines& lines) : lines_(lines) {}

      private:
        void sink_it_(const spdlog::details::log_msg& message) override {
            const std::lock_guard lock(lines_.mutex_);
            lines_.text_.append(message.payload.data(), message.payload.size());
            lines_.text_ += '\n';
        }
        void flush_() override {}

        LogLines& lines_;
    };

    std::shared_ptr<spdlog::logger> before_;
    mutable std::mutex mutex_;
    std::string text_;
};

} // namespace phyll::test
