#include "tests/unit/journal/test_disk.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace phyll::journal::test {

struct TestDisk::State {
    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::uint64_t full_at = UINT64_MAX;
    int full_error = 0;
    int sync_error = 0;
    int truncation_error = 0;
    std::size_t at_most = SIZE_MAX;
    bool held = false;
    int waiting = 0;
    std::size_t syncs = 0;
};

class TestDisk::Wrapped final : public File {
  public:
    Wrapped(std::shared_ptr<State> state, std::unique_ptr<File> file)
        : state_(std::move(state)), file_(std::move(file)) {}

    std::size_t write(std::uint64_t offset, std::span<const std::byte> from) override {
        const std::lock_guard lock(state_->mutex);
        const std::uint64_t room = state_->full_at - std::min(state_->full_at, offset);
        if (room == 0) {
            fail(state_->full_error);
        }
        const std::uint64_t count =
            std::min({room, std::uint64_t{from.size()}, std::uint64_t{state_->at_most}});
        return file_->write(offset, from.first(static_cast<std::size_t>(count)));
    }

    void truncate(std::uint64_t bytes) override {
        const std::lock_guard lock(state_->mutex);
        fail(state_->truncation_error);
        file_->truncate(bytes);
    }

    void sync() override {
        std::unique_lock lock(state_->mutex);
        ++state_->waiting;
        state_->changed.notify_all();
        state_->changed.wait(lock, [this] { return !state_->held; });
        --state_->waiting;
        fail(state_->sync_error);
        ++state_->syncs;
    }

  private:
    static void fail(int error) {
        if (error != 0) {
            throw std::system_error(error, std::generic_category());
        }
    }

    std::shared_ptr<State> state_;
    std::unique_ptr<File> file_;
};

TestDisk::TestDisk() : state_(std::make_shared<State>()) {}

OpenFile TestDisk::open() const {
    return [state = state_](const std::filesystem::path& path, Opening opening) {
        return std::make_unique<Wrapped>(state, open_file(path, opening));
    };
}

void TestDisk::full_at(std::uint64_t offset, int error) {
    const std::lock_guard lock(state_->mutex);
    state_->full_at = offset;
    state_->full_error = error;
}

void TestDisk::fail_syncs(int error) {
    const std::lock_guard lock(state_->mutex);
    state_->sync_error = error;
}

void TestDisk::fail_truncation(int error) {
    const std::lock_guard lock(state_->mutex);
    state_->truncation_error = error;
}

void TestDisk::heal() {
    const std::lock_guard lock(state_->mutex);
    state_->full_at = UINT64_MAX;
    state_->sync_error = 0;
    state_->truncation_error = 0;
}

void TestDisk::write_at_most(std::size_t bytes) {
    const std::lock_guard lock(state_->mutex);
    state_->at_most = bytes;
}

void TestDisk::hold() {
    const std::lock_guard lock(state_->mutex);
    state_->held = true;
}

void TestDisk::release() {
    const std::lock_guard lock(state_->mutex);
    state_->held = false;
    state_->changed.notify_all();
}

void TestDisk::await_held() const {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->waiting > 0; });
}

std::size_t TestDisk::syncs() const {
    const std::lock_guard lock(state_->mutex);
    return state_->syncs;
}

} // namespace phyll::journal::test
