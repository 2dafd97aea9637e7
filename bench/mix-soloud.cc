/* SPDX-License-Identifier: MIT
 *
 * SoLoud on its null driver, where the caller mixes. It resamples at every
 * rate; 255 voices is the most it mixes. Not in Debian: compiled from the
 * folder that SOLOUD names.
 */
#include <cstdio>
#include <cstring>
#include <soloud.h>
#include <soloud_wav.h>

#include "mix-peer.h"

namespace
{
SoLoud::Soloud soloud;
SoLoud::Wav sounds[BENCH_SOUNDS];
float out[2 * 1024];
} // namespace

void
bench_mix_about(const bench_job *)
{
    std::printf("# %u\tlinear resampler, null driver, no clipping\n",
                soloud.getVersion());
}

unsigned
bench_mix_open(const bench_job *job)
{
    if (job->what > BENCH_LINEAR ||
        soloud.init(0, SoLoud::Soloud::NULLDRIVER, BENCH_RATE, 1024, 2) !=
            SoLoud::SO_NO_ERROR) {
        return 0;
    }
    unsigned voices = job->voices < 255 ? job->voices : 255;
    soloud.setMaxActiveVoiceCount(voices);
    soloud.setMainResampler(SoLoud::Soloud::RESAMPLER_LINEAR);
    soloud.setGlobalVolume(1);
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        /* it wants its channels apart */
        static float apart[2 * BENCH_FRAMES];
        for (unsigned k = 0; k < BENCH_FRAMES * job->channels; k++) {
            apart[k % job->channels * BENCH_FRAMES + k / job->channels] =
                job->sounds[i][k];
        }
        sounds[i].loadRawWave(apart, BENCH_FRAMES * job->channels, BENCH_RATE,
                              job->channels, true);
        sounds[i].setLooping(true);
    }
    for (unsigned i = 0; i < voices; i++) {
        const bench_voice *v = &job->voice[i];
        SoLoud::handle h = soloud.play(sounds[v->sound], BENCH_GAIN, v->pan);
        soloud.setRelativePlaySpeed(h, static_cast<float>(v->rate));
        soloud.seek(h, static_cast<double>(v->offset) / BENCH_RATE);
    }
    soloud.mix(out, job->block);
    return soloud.getActiveVoiceCount();
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    double then = bench_cpu_ns();
    for (unsigned i = 0; i < blocks; i++) {
        soloud.mix(out, job->block);
    }
    double took = bench_cpu_ns() - then;
    std::memcpy(last, out, sizeof *out * 2 * job->block);
    return took;
}
