#pragma once

#include "drivers/core/bytes.hpp"
#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace phyll::runs {

/// A file in a folder that has no name: it is gone with its process, however that ends.
///
/// All throws name the folder: RESOURCE_EXHAUSTED when the disk is full, UNAVAILABLE when the
/// folder takes no file, DATA_LOSS when the disk fails.
class NamelessFile final : public ByteStore {
  public:
    /// `purpose` is what messages say: "what a run has measured cannot be kept".
    NamelessFile(std::filesystem::path folder, std::string purpose);

    /// For a library that opens files by name alone: the file has one while `open` runs.
    NamelessFile(std::filesystem::path folder, std::string purpose,
                 const std::function<void(const std::filesystem::path&)>& open);

    [[nodiscard]] std::uint64_t size() const override;
    void read(std::uint64_t offset, std::span<std::byte> into) const override;
    void resize(std::uint64_t bytes) override;
    void write(std::uint64_t offset, std::span<const std::byte> from) override;

  private:
    [[nodiscard]] Error failure(int number, Code otherwise) const;
    [[nodiscard]] int make_nameless() const;
    [[nodiscard]] int
    make_named(const std::function<void(const std::filesystem::path&)>& use) const;

    std::filesystem::path folder_;
    std::string purpose_;
    Descriptor descriptor_;
};

} // namespace phyll::runs
