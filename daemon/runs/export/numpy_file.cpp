#include "daemon/runs/export/numpy_file.hpp"

#include "daemon/training/data/zip_writer.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/npy_header.hpp"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace phyll::runs {
namespace {

using journal::FactsView;

std::uint64_t samples_of_rig(const journal::Reader& reader, std::uint32_t rig) {
    std::uint64_t samples = 0;
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const journal::RecordView record = reader.record(i);
        if (const auto* facts = std::get_if<FactsView>(&record); facts && facts->rig == rig) {
            samples += facts->samples;
        }
    }
    return samples;
}

/// An array that grows value by value, up to a shape that is known.
class ArrayBytes {
  public:
    ArrayBytes(std::unique_ptr<ByteStore> store, std::string_view type, std::size_t item,
               const std::vector<std::uint64_t>& shape)
        : store_(std::move(store)) {
        const std::string header = write_npy_header(type, shape);
        std::uint64_t bytes = item;
        for (const std::uint64_t extent : shape) {
            bytes *= extent;
        }
        store_->resize(header.size() + bytes);
        add(std::as_bytes(std::span(header)));
    }

    template <class Value>
    void add_values(std::span<const Value> values) {
        add(std::as_bytes(values));
    }
    [[nodiscard]] std::shared_ptr<const ByteSource> finish() {
        flush();
        return std::move(store_);
    }

  private:
    void add(std::span<const std::byte> bytes) {
        constexpr std::size_t enough = std::size_t{1} << 20U;
        waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
        if (waiting_.size() >= enough) {
            flush();
        }
    }
    void flush() {
        store_->write(place_, waiting_);
        place_ += waiting_.size();
        waiting_.clear();
    }

    std::unique_ptr<ByteStore> store_;
    std::uint64_t place_ = 0;
    std::vector<std::byte> waiting_;
};

double seconds_of(Clock::Wall time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// The arrays of one rig.
class RigArrays {
  public:
    RigArrays(const journal::Reader& reader, std::uint32_t rig, const MakeByteStore& scratch,
              const std::stop_token& stop)
        : reader_(reader),
          rig_(rig),
          entry_(reader.header().rigs[rig]),
          samples_(samples_of_rig(reader, rig)),
          scratch_(scratch),
          stop_(stop) {}

    void add(const std::string& rig_name, std::vector<training::ZipEntry>& entries) const {
        const auto entry = [&](const char* name, std::shared_ptr<const ByteSource> content) {
            entries.push_back({.name = rig_name + name + ".npy", .content = std::move(content)});
        };
        entry("stimuli", vectors(entry_.n_in, &FactsView::read_stimulus));
        entry("responses", vectors(entry_.n_out, &FactsView::read_response));
        entry("number", numbers<std::uint64_t>("<u8", [](const FactsView& facts, std::size_t i) {
                  return facts.first_number + i;
              }));
        entry("purpose", numbers<std::uint8_t>("|u1", [](const FactsView& facts, std::size_t) {
                  return static_cast<std::uint8_t>(facts.purpose);
              }));
        entry("begin", times(&journal::FactTime::start));
        entry("end", times(&journal::FactTime::end));
    }

  private:
    template <class Visit>
    void each(Visit visit) const {
        for (std::size_t i = 0; i < reader_.size(); ++i) {
            const journal::RecordView record = reader_.record(i);
            const auto* facts = std::get_if<FactsView>(&record);
            if (facts == nullptr || facts->rig != rig_) {
                continue;
            }
            if (stop_.stop_requested()) {
                throw Error(Code::cancelled, "the export was stopped");
            }
            for (std::size_t sample = 0; sample < facts->samples; ++sample) {
                visit(*facts, sample);
            }
        }
    }

    using ReadVector = void (FactsView::*)(std::size_t, std::span<float>) const;
    std::shared_ptr<const ByteSource> vectors(std::size_t width, ReadVector read) const {
        ArrayBytes array(make_bytes(scratch_), "<f4", sizeof(float), {samples_, width});
        std::vector<float> values(width);
        each([&](const FactsView& facts, std::size_t sample) {
            (facts.*read)(sample, values);
            array.add_values<float>(values);
        });
        return array.finish();
    }

    template <class Value, class Of>
    std::shared_ptr<const ByteSource> numbers(std::string_view type, Of of) const {
        ArrayBytes array(make_bytes(scratch_), type, sizeof(Value), {samples_});
        each([&](const FactsView& facts, std::size_t sample) {
            const Value value = of(facts, sample);
            array.add_values<Value>({&value, 1});
        });
        return array.finish();
    }

    std::shared_ptr<const ByteSource> times(Clock::Wall journal::FactTime::* which) const {
        return numbers<double>("<f8", [&](const FactsView& facts, std::size_t sample) {
            const auto time = facts.time(sample);
            return time ? seconds_of((*time).*which) : std::numeric_limits<double>::quiet_NaN();
        });
    }

    const journal::Reader& reader_;
    std::uint32_t rig_;
    const journal::RigEntry& entry_;
    std::uint64_t samples_;
    const MakeByteStore& scratch_;
    const std::stop_token& stop_;
};

} // namespace

std::uint64_t numpy_size(const journal::Reader& reader) {
    constexpr std::uint64_t of_numbers = 8 + 1 + 8 + 8;
    constexpr std::uint64_t of_headers = 4096;
    std::uint64_t bytes = 0;
    for (std::uint32_t rig = 0; rig < reader.header().rigs.size(); ++rig) {
        const journal::RigEntry& entry = reader.header().rigs[rig];
        bytes += of_headers + samples_of_rig(reader, rig) *
                                  (sizeof(float) * (entry.n_in + entry.n_out) + of_numbers);
    }
    return 2 * bytes; // the arrays, and the archive of them
}

void write_numpy(const journal::Reader& reader, ByteStore& into, std::time_t time,
                 const MakeByteStore& scratch, const std::stop_token& stop) {
    const std::vector<journal::RigEntry>& rigs = reader.header().rigs;
    std::vector<training::ZipEntry> entries;
    for (std::uint32_t rig = 0; rig < rigs.size(); ++rig) {
        RigArrays(reader, rig, scratch, stop)
            .add(rigs.size() == 1 ? "" : rigs[rig].name + "/", entries);
    }
    training::write_zip(into, entries, time, stop);
}

} // namespace phyll::runs
