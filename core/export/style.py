"""The default look of parcels in QGIS: an orange outline over a light fill."""

from __future__ import annotations

QML = """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28" styleCategories="Symbology">
  <renderer-v2 type="singleSymbol" symbollevels="0" forceraster="0">
    <symbols>
      <symbol type="fill" name="0" alpha="1" clip_to_extent="1">
        <layer class="SimpleFill" enabled="1" pass="0" locked="0">
          <Option type="Map">
            <Option type="QString" name="color" value="230,159,0,60"/>
            <Option type="QString" name="outline_color" value="230,159,0,255"/>
            <Option type="QString" name="outline_style" value="solid"/>
            <Option type="QString" name="outline_width" value="0.5"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="style" value="solid"/>
          </Option>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
</qgis>
"""

SLD = """<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" version="1.0.0">
  <NamedLayer><Name>parcels</Name><UserStyle><FeatureTypeStyle><Rule><PolygonSymbolizer>
    <Fill>
      <CssParameter name="fill">#e69f00</CssParameter>
      <CssParameter name="fill-opacity">0.24</CssParameter>
    </Fill>
    <Stroke>
      <CssParameter name="stroke">#e69f00</CssParameter>
      <CssParameter name="stroke-width">1.5</CssParameter>
    </Stroke>
  </PolygonSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer>
</StyledLayerDescriptor>
"""
