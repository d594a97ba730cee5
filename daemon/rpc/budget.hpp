#pragma once

#include "daemon/rpc/limits.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace phyll::rpc {

/// Bytes that are held for clients: so many for each, and so many for all of them together.
///
/// A client for whom little is held may add any number, so that it can send or get one message
/// however large beside small ones; and one that comes to hold little is not refused for what
/// others hold, so that nobody's small talk suffers from their floods.
/// Thread rule: one thread, but for shares, which may be given back on any.
class Budget {
  public:
    class Account;
    class Share;

    Budget(std::size_t for_each, std::size_t for_all)
        : total_(std::make_shared<Total>(for_each, for_all)) {}

    /// For a client for whom nothing is held yet.
    [[nodiscard]] Account open_account() const;
    /// What may be held for each from now on; nothing of what is held is given back for it.
    void set_for_each(std::size_t bytes) noexcept { total_->for_each = bytes; }
    /// Bytes held for all clients.
    [[nodiscard]] std::size_t held() const noexcept { return total_->held; }

  private:
    struct Total {
        Total(std::size_t each, std::size_t all) : for_each(each), for_all(all) {}
        std::size_t for_each;
        const std::size_t for_all;
        std::atomic<std::size_t> held = 0;
    };
    struct Own {
        explicit Own(std::shared_ptr<Total> of) : total(std::move(of)) {}
        const std::shared_ptr<Total> total;
        std::atomic<std::size_t> held = 0;
    };

    std::shared_ptr<Total> total_;
};

/// Bytes that are held; given back when the share ends, which may be after its budget.
class Budget::Share {
  public:
    Share(Share&& other) noexcept = default;
    Share& operator=(Share&& other) noexcept {
        std::swap(own_, other.own_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Share() {
        if (own_) {
            own_->held -= bytes_;
            own_->total->held -= bytes_;
        }
    }

  private:
    friend class Account;
    Share(std::shared_ptr<Own> own, std::size_t bytes) : own_(std::move(own)), bytes_(bytes) {}

    std::shared_ptr<Own> own_;
    std::size_t bytes_;
};

/// What is held for one client.
class Budget::Account {
  public:
    /// Nothing where it would be more than may be held for the client, or for all.
    [[nodiscard]] std::optional<Share> take(std::size_t bytes) {
        Total& total = *own_->total;
        const std::size_t own = own_->held;
        const bool fits_own = own <= little || own + bytes <= total.for_each;
        const bool fits_all = own + bytes <= little || total.held + bytes <= total.for_all;
        if (!fits_own || !fits_all) {
            return std::nullopt;
        }
        own_->held += bytes;
        total.held += bytes;
        return Share(own_, bytes);
    }
    [[nodiscard]] bool empty() const noexcept { return own_->held == 0; }

  private:
    friend class Budget;
    explicit Account(std::shared_ptr<Own> own) : own_(std::move(own)) {}

    std::shared_ptr<Own> own_;
};

inline Budget::Account Budget::open_account() const {
    return Account(std::make_shared<Own>(total_));
}

} // namespace phyll::rpc
