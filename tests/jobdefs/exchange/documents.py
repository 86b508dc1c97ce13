"""JDL as OPUS writes it, in its present layout and in the older one."""

from __future__ import annotations

CURRENT = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE xmlns="http://www.ivoa.net/xml/VOTable/v1.3" version="1.3">
 <RESOURCE ID="blur" name="blur" type="meta" utype="voprov:ActivityDescription">
  <DESCRIPTION>Blur a sky map</DESCRIPTION>
  <PARAM name="doculink" value="https://example.org/blur" datatype="char" arraysize="*"/>
  <PARAM name="version" value="2.0" datatype="char" arraysize="*" utype="voprov:ActivityDescription.version"/>
  <PARAM name="contact_name" value="N. N." datatype="char" arraysize="*" utype="voprov:Agent.name"/>
  <PARAM name="executionDuration" value="300" datatype="int" utype="uws:Job.executionDuration"/>
  <PARAM name="script" value="{script}" datatype="char" arraysize="*"/>
  <GROUP name="InputParams">
   <PARAM ID="fwhm" name="fwhm" datatype="double" value="0.1" unit="deg" type="no_query">
    <DESCRIPTION>Kernel width</DESCRIPTION><VALUES><MIN value="0.01"/><MAX value="5"/></VALUES></PARAM>
   <PARAM ID="kernel" name="kernel" datatype="char" arraysize="*" value="gauss" type="no_query">
    <VALUES><OPTION value="gauss"/><OPTION value="box"/></VALUES></PARAM>
   <PARAM ID="verbose" name="verbose" datatype="boolean" value="false" type="no_query"/>
   <PARAM ID="steps" name="steps" datatype="int" value=""/>
  </GROUP>
  <GROUP name="Used"><GROUP name="skymap" utype="voprov:UsedDescription">
   <PARAM name="role" value="map" datatype="char" arraysize="*" utype="voprov:UsedDescription.role"/>
   <PARAM name="multiplicity" value="1" datatype="char" arraysize="*"/>
   <PARAM name="content_type" value="image/fits" datatype="char" arraysize="*"/>
   <PARAM name="url" value="file://$ID" datatype="char" arraysize="*"/></GROUP></GROUP>
  <GROUP name="Generated"><GROUP name="blurred" utype="voprov:WasGeneratedBy">
   <PARAM name="default" value="blurred.fits" datatype="char" arraysize="*" utype="voprov:Entity.id"/>
   <PARAM name="content_type" value="image/fits" datatype="char" arraysize="*"/></GROUP></GROUP>
 </RESOURCE>
</VOTABLE>
"""

OLD = """<VOTABLE version="1.2" xmlns="http://www.ivoa.net/xml/VOTable/v1.2">
 <RESOURCE ID="Blur Map" name="Blur Map" type="meta" utype="voprov:ActivityDescription">
  <DESCRIPTION>Blur a sky map</DESCRIPTION>
  <LINK content-role="doc" href="https://example.org/blur"/>
  <PARAM name="executionduration" value="60" datatype="int"/>
  <PARAM name="script" value="{script}" datatype="char" arraysize="*"/>
  <GROUP name="InputParams" utype="voprov:Parameter">
   <PARAM name="fwhm" datatype="float" value="0.1" type="no_query" utype="voprov:Parameter"/>
  </GROUP>
  <GROUP name="Used" utype="voprov:Used">
   <PARAM name="skymap" utype="voprov:Entity" xtype="image/fits" value="" datatype="char" arraysize="*">
    <DESCRIPTION>The map</DESCRIPTION><LINK content-role="location" href="file://$ID"/></PARAM>
  </GROUP>
  <GROUP name="Generated" utype="voprov:WasGeneratedBy">
   <PARAM name="blurred" utype="voprov:Entity" xtype="image/fits" value="blurred.fits" datatype="char" arraysize="*"/>
  </GROUP>
 </RESOURCE>
</VOTABLE>
"""
