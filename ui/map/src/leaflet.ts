// Leaflet with geoman, set up once: geoman handles only what is given to it (`pmIgnore: false`),
// and nothing is left on `window`.

import L from "leaflet";
import "@geoman-io/leaflet-geoman-free";

L.PM.setOptIn(true);
(L as unknown as { noConflict?: () => void }).noConflict?.();

export default L;
