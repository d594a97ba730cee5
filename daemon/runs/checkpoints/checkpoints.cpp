#include "daemon/runs/checkpoints/checkpoints.hpp"

#include "daemon/runs/hdf5_file.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace phyll::runs {
namespace {

constexpr const char* prefix = "checkpoint-";

} // namespace

Checkpoints::Checkpoints(std::filesystem::path folder, std::uint64_t run, std::string spec_sha256,
                         Store& store)
    : folder_(std::move(folder)), run_(run), spec_sha256_(std::move(spec_sha256)), store_(store) {}

void Checkpoints::keep(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs,
                       double time) {
    RunPosition& position = checkpoint.position;
    position.set_run(run_);
    position.set_spec_sha256(spec_sha256_);
    const std::string image = make_hdf5([&](Hdf5Image& file) {
        file.add_arrays("/state", checkpoint.state);
        file.add_text("position", to_json(position));
    });
    const std::string name = fmt::format("{}{}.h5", prefix, position.step());
    write_file(folder_ / name, image);
    const std::vector<std::string> gone = store_.add_checkpoint(
        run_, {.step = position.step(), .file = name, .sha256 = to_hex(sha256_of(image))}, epochs,
        time);
    for (const std::string& file : gone) {
        std::error_code ignored; // what stays is removed at the next start
        std::filesystem::remove(folder_ / file, ignored);
    }
}

std::optional<Checkpoint> Checkpoints::latest(std::vector<std::string>& remarks,
                                              std::uint64_t below) const {
    const std::vector<CheckpointRecord> recorded = store_.checkpoints(run_);
    remove_unrecorded(recorded, remarks);
    for (const CheckpointRecord& record : recorded) {
        if (record.step >= below) {
            continue;
        }
        try {
            return load(record);
        } catch (const Error& error) {
            remarks.push_back(fmt::format("{} cannot be used: {}", record.file, error.what()));
        }
    }
    return std::nullopt;
}

Checkpoint Checkpoints::load(const CheckpointRecord& record) const {
    const std::string image = read_file(folder_ / record.file);
    Checkpoint checkpoint;
    read_hdf5(image, record.sha256, [&](const Hdf5Content& file) {
        checkpoint.state = file.arrays("/state");
        from_json(file.text("position"), checkpoint.position, "its position");
    });
    if (checkpoint.position.run() != run_ || checkpoint.position.spec_sha256() != spec_sha256_) {
        throw Error(Code::data_loss, "it is of another run");
    }
    return checkpoint;
}

void Checkpoints::remove_unrecorded(const std::vector<CheckpointRecord>& recorded,
                                    std::vector<std::string>& remarks) const {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
        const std::string name = entry.path().filename().string();
        const bool known =
            std::ranges::find(recorded, name, &CheckpointRecord::file) != recorded.end();
        if (name.starts_with(prefix) && !known) {
            remarks.push_back(fmt::format("{} was never recorded and is removed", name));
            std::filesystem::remove(entry.path(), ignored);
        }
    }
}

} // namespace phyll::runs
