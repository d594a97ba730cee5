#include "drivers/rigs/acoustic/acoustic_rig.hpp"
#include "drivers/rigs/electronic/electronic_rig.hpp"
#include "drivers/rigs/instrument_rig.hpp"
#include "drivers/rigs/microwave/microwave_rig.hpp"
#include "drivers/rigs/optical/optical_rig.hpp"

namespace phyll::rigs {

const std::vector<InstrumentRigKind>& instrument_rig_kinds() {
    static const std::vector<InstrumentRigKind> kinds{
        acoustic_instruments_kind(),
        electronic_instruments_kind(),
        microwave_instruments_kind(),
        optical_instruments_kind(),
    };
    return kinds;
}

} // namespace phyll::rigs
