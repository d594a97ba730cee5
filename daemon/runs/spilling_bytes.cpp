#include "daemon/runs/spilling_bytes.hpp"

#include <utility>

namespace phyll::runs {

void SpillingBytes::resize(std::uint64_t bytes) {
    if (!in_file() && bytes <= most_in_memory_) {
        memory_.resize(bytes);
    } else {
        if (!in_file()) {
            spill();
        }
        file_->resize(bytes);
    }
    size_ = bytes;
}

void SpillingBytes::spill() {
    auto file = std::make_unique<NamelessFile>(folder_, "what a run has measured cannot be kept");
    file->resize(memory_.size());
    file->write(0, memory_.view());
    file_ = std::move(file);
    memory_.resize(0);
}

void SpillingBytes::read(std::uint64_t offset, std::span<std::byte> into) const {
    in_file() ? file_->read(offset, into) : memory_.read(offset, into);
}

void SpillingBytes::write(std::uint64_t offset, std::span<const std::byte> from) {
    in_file() ? file_->write(offset, from) : memory_.write(offset, from);
}

MakeByteStore spill_into(std::filesystem::path folder) {
    return [folder = std::move(folder)] { return std::make_unique<SpillingBytes>(folder); };
}

} // namespace phyll::runs
