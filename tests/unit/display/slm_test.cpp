// The driver of an SLM and the service behind which it is, over a real socket.
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"
#include "drivers/display/server.hpp"
#include "drivers/instruments/display_slm.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

using namespace phyll;
using namespace phyll::instruments;
using display::Description;

namespace {

/// A display that remembers what it showed.
class RememberingPanel final : public display::Panel {
  public:
    [[nodiscard]] Description description() const override { return description_; }
    void show(std::span<const std::byte> levels) override {
        const std::scoped_lock lock(mutex_);
        if (broken_) {
            throw Error(Code::unavailable, "the window cannot be shown");
        }
        shown_.assign(levels.begin(), levels.end());
        ++pictures_;
    }

    [[nodiscard]] std::vector<int> shown() const {
        const std::scoped_lock lock(mutex_);
        std::vector<int> levels;
        for (const std::byte level : shown_) {
            levels.push_back(std::to_integer<int>(level));
        }
        return levels;
    }
    [[nodiscard]] int pictures() const {
        const std::scoped_lock lock(mutex_);
        return pictures_;
    }
    void set_broken(bool broken) {
        const std::scoped_lock lock(mutex_);
        broken_ = broken;
    }

  private:
    Description description_{.width = 3,
                             .height = 2,
                             .maker = "phyllsim",
                             .model = "display",
                             .serial = "PHYLLSIM-SLM",
                             .version = "1"};
    mutable std::mutex mutex_;
    std::vector<std::byte> shown_;
    int pictures_ = 0;
    bool broken_ = false;
};

/// The service, on a thread of its own.
class Service {
  public:
    explicit Service(RememberingPanel& panel)
        : server_(std::in_place, context_.get_executor(), panel, "127.0.0.1", std::uint16_t{0}),
          port_(server_->port()),
          thread_([this] { context_.run(); }) {}
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service() {
        context_.stop();
        thread_.join();
        server_.reset();
    }

    [[nodiscard]] std::string address() const {
        return fmt::format("TCPIP0::127.0.0.1::{}::SOCKET", port_);
    }

  private:
    boost::asio::io_context context_{1};
    std::optional<display::Server> server_;
    std::uint16_t port_;
    std::thread thread_;
};

struct Desk {
    RememberingPanel panel;
    std::optional<Service> service{std::in_place, panel};
    TemporaryFolder folder{"slm"};
    SystemClock clock;

    [[nodiscard]] InstrumentSettings settings() const {
        InstrumentSettings settings;
        settings.name = "slm";
        settings.kind = "slm";
        settings.address = service->address();
        settings.is_virtual = true;
        return settings;
    }
    [[nodiscard]] std::unique_ptr<Slm> slm() const { return slm(settings()); }
    [[nodiscard]] std::unique_ptr<Slm> slm(const InstrumentSettings& settings) const {
        return make_display_slm(settings, folder.path(), clock);
    }
    /// Waits until the display is blank: a connection that is gone is noticed at the other end
    /// some time later.
    void await_blank() const {
        while (!panel.shown().empty()) {
            std::this_thread::yield();
        }
    }
};

const std::vector<std::uint8_t> picture = {0, 1, 2, 253, 254, 255};
const std::vector<int> as_shown = {0, 1, 2, 253, 254, 255};

} // namespace

TEST_CASE("a display shows the very levels that it is sent, and says what it is") {
    const Desk desk;
    REQUIRE(desk.panel.shown().empty());
    const auto slm = desk.slm();
    REQUIRE(slm->size() == Slm::Size{});
    slm->connect({});
    REQUIRE(slm->size() == Slm::Size{.width = 3, .height = 2});
    REQUIRE(slm->status().connected);
    REQUIRE(slm->status().identity.serial == "PHYLLSIM-SLM");
    slm->show(picture, {});
    REQUIRE(desk.panel.shown() == as_shown);
}

TEST_CASE("levels go through the look-up table of the modulator") {
    const Desk desk;
    InstrumentSettings settings = desk.settings();
    settings.look_up_table = desk.folder.path() / "table.txt";
    {
        std::ofstream file(settings.look_up_table);
        for (int level = 0; level < 256; ++level) {
            file << 255 - level << '\n';
        }
    }
    const auto slm = desk.slm(settings);
    slm->show(picture, {});
    REQUIRE(desk.panel.shown() == std::vector<int>{255, 254, 253, 2, 1, 0});
    // Dark is what the table makes of level 0.
    REQUIRE(slm->make_safe().state == SafeState::State::safe);
    REQUIRE(desk.panel.shown() == std::vector<int>(6, 255));
}

TEST_CASE("a display is blank when it is made safe, and when nobody is connected any more") {
    const Desk desk;
    auto slm = desk.slm();
    slm->show(picture, {});
    REQUIRE(slm->make_safe().state == SafeState::State::safe);
    REQUIRE(desk.panel.shown() == std::vector<int>(6, 0));
    slm->show(picture, {});
    slm.reset();
    desk.await_blank();
}

TEST_CASE("a picture of another size is refused before it is sent") {
    const Desk desk;
    const auto slm = desk.slm();
    slm->connect({});
    REQUIRE_THROWS_WITH(slm->show(std::vector<std::uint8_t>(5, 9), {}),
                        "levels: 5; slm has 3 x 2 pixels");
    REQUIRE(desk.panel.shown().empty());
    slm->show(picture, {});
    REQUIRE(desk.panel.shown() == as_shown);
}

TEST_CASE("a display that cannot show is unavailable in its own words, and shows again later") {
    Desk desk;
    const auto slm = desk.slm();
    slm->connect({});
    const std::uint64_t life = slm->life();
    desk.panel.set_broken(true);
    REQUIRE_THROWS_WITH(slm->show(picture, {}), "slm: it refuses: the window cannot be shown");
    REQUIRE(slm->make_safe().state == SafeState::State::unknown);
    desk.panel.set_broken(false);
    slm->show(picture, {});
    REQUIRE(slm->life() > life);
    REQUIRE(desk.panel.shown() == as_shown);
}

TEST_CASE("who comes second is told that somebody else is there") {
    const Desk desk;
    const auto first = desk.slm();
    first->show(picture, {});
    InstrumentSettings settings = desk.settings();
    settings.name = "other";
    const TemporaryFolder elsewhere("slm");
    const auto second = make_display_slm(settings, elsewhere.path(), desk.clock);
    REQUIRE_THROWS_WITH(second->connect({}),
                        "other: it refuses: somebody else is connected to the display");
    REQUIRE(desk.panel.shown() == as_shown);
}

TEST_CASE("a service that ends is a display that is lost, and one that comes again is found") {
    Desk desk;
    const auto slm = desk.slm();
    slm->show(picture, {});
    desk.service.reset();
    REQUIRE(desk.panel.shown().empty());
    try {
        slm->show(picture, {});
        FAIL("nobody is there");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::unavailable);
    }
    REQUIRE_FALSE(slm->status().connected);
    REQUIRE(slm->make_safe().state == SafeState::State::unknown);
}

TEST_CASE("a stop ends the wait for a display, and so does the deadline") {
    const Desk desk;
    const auto slm = desk.slm();
    slm->connect({});
    std::stop_source stop;
    stop.request_stop();
    try {
        slm->show(picture, {.deadline = {}, .stop = stop.get_token()});
        FAIL("it was stopped");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
    try {
        slm->show(picture, {.deadline = Deadline(desk.clock.now()), .stop = {}});
        FAIL("it was too late");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::deadline_exceeded);
    }
}
