// See build.mjs: whatever says `L` without importing it gets this Leaflet.
import L from "leaflet";
export { L };
