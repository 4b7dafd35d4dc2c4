// Names of the General MIDI programs and of the usual drum kits.
export const PROGRAMS = ("Acoustic piano,Bright piano,Electric grand,Honky-tonk,Electric piano 1,Electric piano 2,Harpsichord,Clavinet,Celesta,Glockenspiel,Music box,Vibraphone,Marimba,Xylophone,Tubular bells,Dulcimer,"
  + "Drawbar organ,Percussive organ,Rock organ,Church organ,Reed organ,Accordion,Harmonica,Bandoneon,Nylon guitar,Steel guitar,Jazz guitar,Clean guitar,Muted guitar,Overdriven guitar,Distorted guitar,Guitar harmonics,"
  + "Acoustic bass,Finger bass,Picked bass,Fretless bass,Slap bass 1,Slap bass 2,Synth bass 1,Synth bass 2,Violin,Viola,Cello,Contrabass,Tremolo strings,Pizzicato,Harp,Timpani,"
  + "Strings,Slow strings,Synth strings 1,Synth strings 2,Choir aahs,Voice oohs,Synth voice,Orchestra hit,Trumpet,Trombone,Tuba,Muted trumpet,French horn,Brass,Synth brass 1,Synth brass 2,"
  + "Soprano sax,Alto sax,Tenor sax,Baritone sax,Oboe,English horn,Bassoon,Clarinet,Piccolo,Flute,Recorder,Pan flute,Bottle,Shakuhachi,Whistle,Ocarina,"
  + "Square lead,Saw lead,Calliope lead,Chiff lead,Charang lead,Voice lead,Fifths lead,Bass lead,New age pad,Warm pad,Polysynth pad,Choir pad,Bowed pad,Metallic pad,Halo pad,Sweep pad,"
  + "Rain,Soundtrack,Crystal,Atmosphere,Brightness,Goblins,Echoes,Sci-fi,Sitar,Banjo,Shamisen,Koto,Kalimba,Bagpipe,Fiddle,Shanai,"
  + "Tinkle bell,Agogo,Steel drums,Woodblock,Taiko,Melodic tom,Synth drum,Reverse cymbal,Fret noise,Breath,Seashore,Bird,Telephone,Helicopter,Applause,Gunshot").split(",");
export const GROUPS = ["Piano", "Mallets", "Organ", "Guitar", "Bass", "Strings", "Ensemble", "Brass", "Reed", "Pipe", "Lead", "Pad", "Effects", "World", "Percussion", "Noises"];
export const KIT_NAMES = { 0: "Standard kit", 8: "Room kit", 16: "Power kit", 24: "Electronic kit", 25: "808 kit", 32: "Jazz kit", 40: "Brush kit", 48: "Orchestra kit" };
/** Programs that a part plays in this browser until a style or the visitor says otherwise. */
export const USUAL = { chords: 4, melody: 0, bass: 33, pad: 89, arp: 81, keys: 0, drums: 0, perc: 0 };
