#include "drivers/display/server.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

namespace phyll::display {

Server::Server(const boost::asio::any_io_executor& executor, Panel& panel,
               const std::string& address, std::uint16_t port)
    : panel_(panel) {
    server_.emplace(executor, framing, "the display", static_cast<services::Answering&>(*this),
                    address, port);
    panel_.show({});
}

Server::~Server() {
    server_.reset();
    gone();
}

void Server::answer(const FramedMessage& message, Reply reply) {
    if (message.kind == Kind::describe || !display_) {
        display_ = panel_.description();
    }
    if (message.kind == Kind::describe) {
        const std::string text = to_content(*display_);
        reply(Kind::description, std::as_bytes(std::span(text)));
    } else if (message.kind == Kind::show) {
        if (!message.content.empty() && message.content.size() != display_->pixels()) {
            throw invalid_field("levels", fmt::format("{}; the display has {} x {} pixels",
                                                      message.content.size(), display_->width,
                                                      display_->height));
        }
        panel_.show(message.content);
        reply(Kind::shown, {});
    } else {
        throw Error(Code::invalid_argument, "that is not for a display to be asked");
    }
}

void Server::gone() noexcept {
    display_.reset();
    lit_ = true;
    look();
}

void Server::look() noexcept {
    if (!lit_ || (server_ && server_->has_client())) {
        return;
    }
    try {
        panel_.show({});
        lit_ = false;
    } catch (...) { // NOLINT(bugprone-empty-catch): it is tried again
    }
}

} // namespace phyll::display
