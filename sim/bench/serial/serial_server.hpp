#pragma once

#include "drivers/core/temporary_folder.hpp"
#include "sim/bench/server/absence.hpp"
#include "sim/bench/server/station.hpp"
#include "sim/bench/server/way.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace phyll::bench {

/// A serial line: bytes over a pseudo-terminal, raw, cut into messages by the instrument's own
/// `cutter`. The line stays when a client closes it. A symbolic link leads to it under a path that
/// is the same after it was unplugged, as that of a real adapter under /dev/serial/by-id. Bit rates
/// and formats can be set, and mean nothing.
class SerialServer final : public WayServer {
  public:
    /// Silence after which what was begun does not go on.
    static constexpr Seconds longest_gap{0.05};

    /// `name` is that of the link. Throws INTERNAL when the instrument has no serial port.
    SerialServer(Loop& loop, const std::string& name, Station& station, Misbehaviour& misbehaviour);
    SerialServer(const SerialServer&) = delete;
    SerialServer& operator=(const SerialServer&) = delete;
    ~SerialServer() override;

    /// "ASRL/tmp/phyllsim-line-xxxxxx/metasurface::INSTR"
    [[nodiscard]] std::string address() const override;
    void start() override { plug_in(); }
    /// 1 from the first byte that comes until it is unplugged: a line does not tell whether
    /// somebody listens at its other end.
    [[nodiscard]] std::size_t connections() const override;
    /// Neither the link nor the line is there meanwhile; who has it open finds it hung up.
    void go_offline(Seconds off) override;

  private:
    class Line;

    void plug_in();

    Loop& loop_;
    Station& station_;
    Misbehaviour& misbehaviour_;
    Absence absence_;
    TemporaryFolder folder_;
    std::filesystem::path link_;
    std::shared_ptr<Line> line_;
};

} // namespace phyll::bench
