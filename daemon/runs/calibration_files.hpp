#pragma once

#include "daemon/rig/calibration/calibration_book.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace phyll::runs {

/// Calibrations as files of a folder, one for each rig: JSON, for people to read too.
class CalibrationFiles final : public rig::CalibrationStore {
  public:
    /// The folder is made when something is kept.
    explicit CalibrationFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] std::optional<rig::KeptCalibration> load(const std::string& rig) const override;
    void save(const std::string& rig, const rig::KeptCalibration& calibration) override;

  private:
    /// Whatever the rig is called, it is a file of this folder.
    [[nodiscard]] std::filesystem::path file_of(const std::string& rig) const;

    std::filesystem::path folder_;
};

} // namespace phyll::runs
