What a package of Kindling holds beside Kindling itself, from the poms of the artifacts. Of several licences the user may
choose, except where the artifact says that each covers a part of it.

<#list dependencyMap as e>
<#if e.getKey().getGroupId() != "dev.kindling">
${e.getKey().getGroupId()}:${e.getKey().getArtifactId()}:${e.getKey().getVersion()} (<#list e.getValue() as license>${license}<#if license_has_next>; </#if></#list>) ${e.getKey().getUrl()!""}
</#if>
</#list>
