// The driver of cameras against Aravis's virtual one, over GigE Vision.
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"
#include "drivers/instruments/genicam_camera.hpp"
#include "drivers/instruments/genicam_device.hpp"
#include "sim/bench/optical/virtual_camera.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

using namespace phyll;
using namespace phyll::instruments;

namespace {

/// Counts that tell where on the sensor a pixel is, and which frame it is of.
void chequer(const bench::Exposure& exposure, std::span<std::uint16_t> counts, unsigned frame) {
    for (std::size_t k = 0; k < counts.size(); ++k) {
        const std::size_t x = exposure.x + k % exposure.width;
        const std::size_t y = exposure.y + k / exposure.width;
        counts[k] = static_cast<std::uint16_t>((x + 3 * y + frame) % (1U << exposure.bits));
    }
}

struct Desk {
    std::atomic<unsigned> frame = 0;
    bench::Exposure exposed;
    bench::VirtualCamera virtual_camera{
        "127.0.0.1", "PHYLLSIM-CAMERA",
        [this](const bench::Exposure& exposure, std::span<std::uint16_t> counts) {
            exposed = exposure;
            chequer(exposure, counts, frame);
            return true;
        }};
    TemporaryFolder folder{"camera"};
    SystemClock clock;

    [[nodiscard]] std::unique_ptr<Camera> camera() const {
        InstrumentSettings settings;
        settings.name = "camera";
        settings.kind = "camera";
        settings.address = "127.0.0.1";
        settings.is_virtual = true;
        return make_genicam_camera(settings, folder.path(), clock);
    }
};

CameraSetup setup_of(unsigned bits) {
    return {.region = {.x = 16, .y = 8, .width = 64, .height = 48},
            .exposure = Seconds(0.002),
            .gain = 0.0,
            .bits = bits,
            .binning = 1};
}

std::vector<std::uint16_t> expected(const CameraSetup& setup, unsigned frame) {
    std::vector<std::uint16_t> counts(setup.region.pixels());
    chequer({.x = setup.region.x,
             .y = setup.region.y,
             .width = setup.region.width,
             .height = setup.region.height,
             .bits = setup.bits},
            counts, frame);
    return counts;
}

/// As often as it takes, and gives up.
Frame capture(Camera& camera) {
    for (int k = 0; k < 12; ++k) {
        camera.trigger({});
        if (std::optional<Frame> frame = camera.frame({})) {
            return std::move(*frame);
        }
    }
    FAIL("twelve frames in a row were lost: " << camera.last_loss());
    return {};
}

/// Without thousands of numbers in a message.
bool same(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
    if (a != b && !a.empty()) {
        const auto [p, q] = std::ranges::mismatch(a, b);
        UNSCOPED_INFO("first at " << p - a.begin() << ": " << *p << " for " << *q);
    }
    return a == b;
}

} // namespace

TEST_CASE("a camera takes the region, exposure, binning and format that it is set to") {
    Desk desk;
    const auto camera = desk.camera();
    CameraSetup setup = setup_of(GENERATE(8U, 16U));
    setup.binning = GENERATE(1U, 2U);
    camera->prepare(setup, {});
    REQUIRE(camera->status().identity.serial == "PHYLLSIM-CAMERA");
    REQUIRE(camera->sensor().width == 2048);
    for (unsigned frame = 0; frame < 5; ++frame) {
        desk.frame = frame;
        const Frame taken = capture(*camera);
        REQUIRE(taken.width == 64);
        REQUIRE(taken.height == 48);
        REQUIRE(taken.bits == setup.bits);
        REQUIRE(same(taken.counts, expected(setup, frame)));
    }
    REQUIRE(desk.exposed.seconds == Approx(0.002));
    REQUIRE(desk.exposed.binning == setup.binning);
    REQUIRE(desk.virtual_camera.frames() == 5);
    REQUIRE(camera->changed_settings({}).empty());
    REQUIRE(camera->lost() == 0);
}

TEST_CASE("frames that lost packets are taken again and counted") {
    Desk desk;
    const auto camera = desk.camera();
    CameraSetup setup = setup_of(8);
    setup.region = {.x = 0, .y = 0, .width = 256, .height = 256};
    camera->prepare(setup, {});
    desk.virtual_camera.lose_packets(0.01);
    for (unsigned frame = 0; frame < 20; ++frame) {
        desk.frame = frame;
        REQUIRE(same(capture(*camera).counts, expected(setup, frame)));
    }
    REQUIRE(camera->lost() > 0);
}

TEST_CASE("a frame of which nothing arrives is lost in time") {
    Desk desk;
    const auto camera = desk.camera();
    camera->prepare(setup_of(8), {});
    desk.virtual_camera.lose_packets(1.0);
    camera->trigger({});
    REQUIRE_FALSE(camera->frame({}));
    REQUIRE(camera->last_loss() == "it did not come");
    REQUIRE(camera->lost() == 1);
    desk.virtual_camera.lose_packets(0.0);
    REQUIRE(same(capture(*camera).counts, expected(setup_of(8), 0)));
}

TEST_CASE("a camera that does not take a setting is not used with another") {
    Desk desk;
    const auto camera = desk.camera();
    CameraSetup setup = setup_of(8);
    SECTION("of bits") {
        setup.bits = 9;
        REQUIRE_THROWS_WITH(camera->prepare(setup, {}),
                            Catch::Matchers::Contains("bits: 9; valid is 8, 10, 12, 14 or 16"));
    }
    SECTION("of the region") {
        setup.region.width = 4096;
        REQUIRE_THROWS_WITH(camera->prepare(setup, {}),
                            "region: 4096 x 48 at (16, 8) with binning 1; camera has 2048 x 2048 "
                            "pixels");
    }
    camera->prepare(setup_of(8), {});
    REQUIRE(same(capture(*camera).counts, expected(setup_of(8), 0)));
}

TEST_CASE("a camera that was switched off is lost, and found again with everything set anew") {
    Desk desk;
    const auto camera = desk.camera();
    camera->prepare(setup_of(16), {});
    static_cast<void>(capture(*camera));
    const std::uint64_t life = camera->life();
    desk.virtual_camera.switch_off();
    try {
        static_cast<void>(capture(*camera));
        FAIL("it is off");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::unavailable);
    }
    REQUIRE_FALSE(camera->status().connected);
    REQUIRE(camera->make_safe().state == SafeState::State::unknown);
    desk.virtual_camera.switch_on();
    camera->prepare(setup_of(16), {});
    REQUIRE(camera->life() > life);
    REQUIRE(same(capture(*camera).counts, expected(setup_of(16), 0)));
}

TEST_CASE("control that another program has is waited for") {
    Desk desk;
    std::optional<GenicamDevice> other(std::in_place, "127.0.0.1");
    const std::jthread leaving([&other] {
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
        other.reset();
    });
    const auto camera = desk.camera();
    camera->prepare(setup_of(8), {});
    REQUIRE(same(capture(*camera).counts, expected(setup_of(8), 0)));
}

TEST_CASE("a stop and a deadline end the wait for a frame") {
    Desk desk;
    const auto camera = desk.camera();
    camera->prepare(setup_of(8), {});
    std::stop_source stop;
    stop.request_stop();
    try {
        static_cast<void>(camera->frame({.deadline = {}, .stop = stop.get_token()}));
        FAIL("it was stopped");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
    camera->prepare(setup_of(8), {});
    try {
        static_cast<void>(
            camera->frame({.deadline = Deadline::after(desk.clock, Seconds(0.05)), .stop = {}}));
        FAIL("nothing was triggered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::deadline_exceeded);
    }
}

TEST_CASE("a camera that acquires nothing is safe") {
    Desk desk;
    const auto camera = desk.camera();
    camera->prepare(setup_of(8), {});
    static_cast<void>(capture(*camera));
    REQUIRE(camera->make_safe().state == SafeState::State::safe);
    REQUIRE_THROWS_WITH(capture(*camera), "camera: it is not set up");
    camera->prepare(setup_of(8), {});
    REQUIRE(same(capture(*camera).counts, expected(setup_of(8), 0)));
}
