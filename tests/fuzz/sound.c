/* SPDX-License-Identifier: MIT
 *
 * Any file as a sound, decoded in this process as a trusted one is: what is
 * tried is the decoders as much as what we make of their answers. An input is a
 * byte whose lowest bit asks for another rate, then the file.
 */
#include "config.h"

#include <sndfile.h>

#include "memory.h"

const char fuzz_name[] = "sound";
const unsigned fuzz_runs = 1500;

static uint64_t sounds, refusals, frames;

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    tabor_read_params params = TABOR_READ;
    char path[64];
    params.trusted = 1;
    params.rate = fuzz_byte(&in) & 1 ? 22050 : 0;
    int fd = fuzz_file(in.bytes, in.left, path);
    tabor_audio *audio = NULL;
    tabor_status st = tabor_audio_read_as(path, &params, &audio);
    if (st == TABOR_OK) {
        fuzz_hold_sound(audio);
        fuzz_hold(!params.rate || audio->rate == params.rate, "rate %u",
                  audio->rate);
        sounds++;
        frames += audio->frames;
        tabor_audio_free(audio);
    } else {
        fuzz_hold(audio == NULL, "a sound and an error");
        fuzz_hold_error(st);
        refusals++;
    }
    close(fd);
    return 0;
}

/* Write 300 frames in a format of libsndfile's, if it has it. */
static void
make_sound(int format, int channels, void (*give)(const void *, size_t))
{
    static uint8_t bytes[65536];
    float values[600];
    char path[64];
    SF_INFO info = {
        .samplerate = 48000, .channels = channels, .format = format};
    for (int i = 0; i < 600; i++) {
        values[i] = sinf((float)i * 0.3f) * 0.7f;
    }
    snprintf(path, sizeof path, "t-fuzz-sound-%d", (int)getpid());
    SNDFILE *sound =
        sf_format_check(&info) ? sf_open(path, SFM_WRITE, &info) : NULL;
    if (sound) {
        sf_writef_float(sound, values, 300);
        sf_close(sound);
        FILE *file = fopen(path, "rb");
        if (file) {
            bytes[0] = channels == 1;
            give(bytes, 1 + fread(bytes + 1, 1, sizeof bytes - 1, file));
            fclose(file);
        }
    }
    remove(path);
}

void
fuzz_seeds(void (*give)(const void *bytes, size_t size))
{
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_FLOAT,
                                  SF_FORMAT_WAV | SF_FORMAT_DOUBLE,
                                  SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                                  SF_FORMAT_WAV | SF_FORMAT_PCM_U8,
                                  SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM,
                                  SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
                                  SF_FORMAT_WAV | SF_FORMAT_GSM610,
                                  SF_FORMAT_WAV | SF_FORMAT_ULAW,
                                  SF_FORMAT_WAVEX | SF_FORMAT_PCM_24,
                                  SF_FORMAT_RF64 | SF_FORMAT_PCM_32,
                                  SF_FORMAT_WAV | SF_ENDIAN_BIG |
                                      SF_FORMAT_PCM_16,
                                  SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
                                  SF_FORMAT_AIFF | SF_FORMAT_FLOAT,
                                  SF_FORMAT_AIFF | SF_FORMAT_IMA_ADPCM,
                                  SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_FLAC | SF_FORMAT_PCM_24,
                                  SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                                  SF_FORMAT_OGG | SF_FORMAT_OPUS,
                                  SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        make_sound(formats[i], 1, give);
        make_sound(formats[i], 2, give);
    }
}

int
fuzz_looked(void)
{
    printf("# %llu files were sounds (%llu frames), %llu were refused\n",
           (unsigned long long)sounds, (unsigned long long)frames,
           (unsigned long long)refusals);
    return sounds > 0 && refusals > 0;
}
