// The same behaviour where there is no Node: workerd has its own time zone data.
import "../plugins/time-convert.test.ts";
import "../plugins/time-durations.test.ts";
import "../plugins/time-now.test.ts";
import "../plugins/time-offers.test.ts";
import "../plugins/time-zones.test.ts";
